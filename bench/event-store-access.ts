/**
 * Measures the cost of TLS, users and a secret in the embedded event store: `node bench/event-store-access.ts`. Three
 * stores run side by side and are measured in turn; each round begins with another store. A figure is the median over
 * the rounds. A ratio is the median of the ratios to the plain store of the same round. Takes about two minutes.
 *
 * CPU is the time that the operating system counted for the store's process and for this process (Linux), for each
 * operation.
 */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import type { SecuredOptions } from '../tests/rooms/event-store-server/secured-store.ts';
import { startStoreForTests, type StoreForTests } from '../tests/rooms/event-store-server/spawned-store.ts';

const ROUNDS = 15;
const APPEND_MS = 500;
const EVENTS_READ_MAX = 5000;
const STREAMS_READ = 300;
/** A job's stream has about this number of events. */
const EVENTS_A_STREAM = 6;
const IN_FLIGHT = [1, 16, 64];
/** The unit in which the kernel counts CPU time. USER_HZ is 100 on every Linux that Node runs on. */
const CLOCK_TICK_US = 10_000;
const FILLER = 'x'.repeat(200);

const KINDS: Readonly<Record<string, SecuredOptions>> = {
  plain: {},
  secret: { secret: 'a-secret-of-forty-characters-0123456789ab' },
  'TLS and user': { tls: true, users: [{ name: 'docket', password: 'docket', groups: ['$admins'] }] },
};

interface Sample {
  readonly perSecond: number;
  readonly storeCpuUs: number;
  readonly clientCpuUs: number;
}

interface Measured {
  readonly started: StoreForTests;
  appended: number;
  readonly samples: Map<string, Sample[]>;
}

const storeCpuUs = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * CLOCK_TICK_US;
};

const eventOf = (n: number) =>
  jsonEvent({
    type: 'ConversionRequested',
    data: { n, filler: FILLER },
    metadata: { correlationId: 'c', causationId: 'c', actor: 'bench', schemaVersion: 1 },
  });

async function append(of: Measured, inFlight: number): Promise<number> {
  const until = performance.now() + APPEND_MS;
  let count = 0;
  const writer = async (): Promise<void> => {
    while (performance.now() < until) {
      const n = of.appended;
      of.appended += 1;
      await of.started.client.appendToStream(`job-${n}`, eventOf(n), { expectedRevision: 'no_stream' });
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, writer));
  return count;
}

async function readAll({ started }: Measured): Promise<number> {
  let count = 0;
  for await (const { event } of started.client.readAll({ maxCount: EVENTS_READ_MAX }))
    if (event !== undefined) count += 1;
  return count;
}

/** Reads a stream as long as a job's, many times. Each read is one call, as for a command. */
async function readStreams({ started }: Measured): Promise<number> {
  for (let n = 0; n < STREAMS_READ; n += 1)
    for await (const { event } of started.client.readStream('six'))
      if (event === undefined) throw new Error('an event is missing');
  return STREAMS_READ;
}

async function sample(of: Measured, what: string, work: () => Promise<number>): Promise<void> {
  const storeBefore = storeCpuUs(of.started.store.pid);
  const clientBefore = process.cpuUsage();
  const began = performance.now();
  const operations = await work();
  const seconds = (performance.now() - began) / 1000;
  const client = process.cpuUsage(clientBefore);
  const known = of.samples.get(what) ?? [];
  of.samples.set(what, known);
  known.push({
    perSecond: operations / seconds,
    storeCpuUs: (storeCpuUs(of.started.store.pid) - storeBefore) / operations,
    clientCpuUs: (client.user + client.system) / operations,
  });
}

async function round(of: Measured): Promise<void> {
  for (const inFlight of IN_FLIGHT)
    await sample(of, `append, ${inFlight} in flight`, () => append(of, inFlight));
  await sample(of, 'read $all', () => readAll(of));
  await sample(of, 'read a stream of six', () => readStreams(of));
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

async function open(options: SecuredOptions): Promise<Measured> {
  const started = await startStoreForTests(options);
  const client = EventStoreDBClient.connectionString(started.store.connectionString());
  await client.appendToStream(
    'six',
    Array.from({ length: EVENTS_A_STREAM }, (_, n) => eventOf(n)),
  );
  await client.dispose();
  return { started, appended: 0, samples: new Map() };
}

const kinds = Object.keys(KINDS);
const stores = new Map<string, Measured>();
for (const kind of kinds) stores.set(kind, await open(KINDS[kind] as SecuredOptions));
const storeOf = (kind: string): Measured => stores.get(kind) as Measured;
for (const kind of kinds) await round(storeOf(kind));
for (const kind of kinds) storeOf(kind).samples.clear();
for (let turn = 0; turn < ROUNDS; turn += 1)
  for (let place = 0; place < kinds.length; place += 1)
    await round(storeOf(kinds[(turn + place) % kinds.length] as string));

console.log(
  `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown CPU'}, ${ROUNDS} rounds`,
);
for (const what of storeOf('plain').samples.keys()) {
  const samplesOf = (kind: string): Sample[] => storeOf(kind).samples.get(what) ?? [];
  const plain = samplesOf('plain');
  const cpuOf = (samples: readonly Sample[]): number =>
    mean(samples.map((one) => one.storeCpuUs + one.clientCpuUs));
  const rows = kinds.map((kind) => {
    const samples = samplesOf(kind);
    const ratios = samples.map((one, turn) => one.perSecond / (plain[turn] as Sample).perSecond);
    return [
      kind,
      {
        'per second': Math.round(median(samples.map((one) => one.perSecond))),
        'times plain': Number(median(ratios).toFixed(3)),
        'store CPU, µs': Number(mean(samples.map((one) => one.storeCpuUs)).toFixed(1)),
        'client CPU, µs': Number(mean(samples.map((one) => one.clientCpuUs)).toFixed(1)),
        'CPU, times plain': Number((cpuOf(samples) / cpuOf(plain)).toFixed(3)),
      },
    ];
  });
  console.log(what);
  console.table(Object.fromEntries(rows));
}
for (const { started } of stores.values()) await started.stop();
