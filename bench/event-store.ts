/**
 * Measures the embedded event store through the unmodified client: `node bench/event-store.ts`. The store is a
 * separate process with its own directory. Prints one table; takes less than 20 s.
 *
 * CPU is the time that the operating system counted for each process (Linux), for each operation.
 */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { jsonEvent, streamNameFilter, type EventStoreDBClient } from '@eventstore/db-client';
import {
  connectTo,
  removeDirectory,
  spawnStore,
  temporaryDirectory,
} from '../tests/rooms/event-store-server/spawned-store.ts';

/** Makes an event about as large as an event of Docket. */
const FILLER = 'x'.repeat(200);
const APPEND_MS = 3000;
const READ_EVENTS_MAX = 60_000;
/** The unit in which the kernel counts CPU time. USER_HZ is 100 on every Linux that Node runs on. */
const CLOCK_TICK_MS = 10;

interface Row {
  readonly what: string;
  readonly perSecond: number;
  readonly serverCpuUs: number;
  readonly clientCpuUs: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

function serverCpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * CLOCK_TICK_MS;
}

const eventOf = (n: number) =>
  jsonEvent({
    type: 'ConversionRequested',
    data: { n, filler: FILLER },
    metadata: { correlationId: 'c', causationId: 'c', actor: 'bench', schemaVersion: 1 },
  });

async function measure(
  what: string,
  pid: number,
  work: (latencies: number[]) => Promise<number>,
): Promise<Row> {
  const latencies: number[] = [];
  const serverBefore = serverCpuMs(pid);
  const clientBefore = process.cpuUsage();
  const began = performance.now();
  const operations = await work(latencies);
  const seconds = (performance.now() - began) / 1000;
  const client = process.cpuUsage(clientBefore);
  latencies.sort((a, b) => a - b);
  const percentile = (share: number): number | null =>
    latencies[Math.floor(latencies.length * share)] ?? null;
  return {
    what,
    perSecond: operations / seconds,
    serverCpuUs: ((serverCpuMs(pid) - serverBefore) * 1000) / operations,
    clientCpuUs: (client.user + client.system) / operations,
    p50Ms: percentile(0.5),
    p99Ms: percentile(0.99),
  };
}

/** Appends new streams of one event each, `inFlight` of them at the same time. */
async function append(
  client: EventStoreDBClient,
  name: string,
  inFlight: number,
  latencies: number[],
): Promise<number> {
  const until = performance.now() + APPEND_MS;
  let count = 0;
  const writer = async (): Promise<void> => {
    while (performance.now() < until) {
      const n = count;
      count += 1;
      const began = performance.now();
      await client.appendToStream(`job-${name}-${n}`, eventOf(n), { expectedRevision: 'no_stream' });
      latencies.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, writer));
  return count;
}

async function readAll(client: EventStoreDBClient): Promise<number> {
  let count = 0;
  for await (const { event } of client.readAll({ maxCount: READ_EVENTS_MAX }))
    if (event !== undefined) count += 1;
  return count;
}

async function catchUp(client: EventStoreDBClient): Promise<number> {
  let count = 0;
  const filter = streamNameFilter({ prefixes: ['job-'] });
  const subscription = client.subscribeToAll({ fromPosition: 'start', filter });
  await new Promise<void>((resolve, reject) => {
    subscription
      .on('data', () => (count += 1))
      .on('caughtUp', resolve)
      .on('error', reject);
  });
  await subscription.unsubscribe();
  return count;
}

async function run(): Promise<Row[]> {
  const directory = temporaryDirectory();
  const store = await spawnStore(directory);
  const client = connectTo(store.port);
  try {
    await append(client, 'warm', 16, []);
    const rows: Row[] = [];
    for (const inFlight of [1, 16, 64])
      rows.push(
        await measure(`append, ${inFlight} in flight`, store.pid, (latencies) =>
          append(client, `${inFlight}`, inFlight, latencies),
        ),
      );

    await readAll(client);
    rows.push(await measure('read $all', store.pid, () => readAll(client)));
    rows.push(await measure('filtered catch-up', store.pid, () => catchUp(client)));
    return rows;
  } finally {
    await client.dispose();
    await store.end('SIGTERM');
    removeDirectory(directory);
  }
}

const rows = await run();
const ms = (value: number | null): string => (value === null ? '' : value.toFixed(2));
console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown CPU'}`);
console.table(
  Object.fromEntries(
    rows.map(({ what, perSecond, serverCpuUs, clientCpuUs, p50Ms, p99Ms }) => [
      what,
      {
        'per second': Math.round(perSecond),
        'server CPU, µs': Number(serverCpuUs.toFixed(1)),
        'client CPU, µs': Number(clientCpuUs.toFixed(1)),
        'p50, ms': ms(p50Ms),
        'p99, ms': ms(p99Ms),
      },
    ]),
  ),
);
