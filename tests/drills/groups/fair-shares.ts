import { setTimeout as sleep } from 'node:timers/promises';
import { abuse, HOUR_REQUESTS, LOG_GROWTH_BYTES_MAX } from '../../abuse/abuse.ts';
import { slowness, stretched } from '../../harness/machine-time.ts';
import { expectThat, within } from '../claims.ts';
import { greedyUploader, readers, slowBodies, type Crowd, type Tally } from '../crowd.ts';
import type { DrillGroup } from '../drill.ts';
import { startDrillInstallation, type DrillInstallation } from '../drill-installation.ts';
import { watchQueue } from '../live-watchers.ts';
import { newOwner, request, tryUpload } from '../people.ts';

const PEOPLE = 4;
/** Number of documents of each person in each turn. */
const DOCUMENTS = 8;
/**
 * Number of times that people are measured alone and then beside the crowd. So both measurements contain fast and
 * slow moments of the machine.
 */
const TURNS = 3;
const PAUSE_MS = 40;
const CONVERSION_MS = 200;
const READY_MS_MAX = 60_000;
/** The time that the greedy owner needs for a queue of hundreds of jobs. */
const QUEUE_GROWS_MS = 3_000;

const SLOW_BODIES = 64;
const SLOW_BYTES_PER_SEC = 1_126;
const ADDRESSES = 1_000;
/** The limit for an idle machine. On a busy machine, less time is left for everybody. */
const READS_PER_SEC = 60;
const FLOOD_PER_SEC = 100;
const REQUESTS_PER_MINUTE = 600;
const GREEDY_AT_ONCE = 8;

/** Share of an hour's requests. */
const ABUSE_SHARE = 60;
/** Limit of the growth of each process. A process uses free memory before it cleans up. */
const RSS_BYTES_MAX = 512 * 1024 * 1024;

/** The waits of people, in ms. */
interface Waits {
  readonly converted: number[];
  readonly read: number[];
}

function start(): Promise<DrillInstallation> {
  return startDrillInstallation({
    processor: true,
    direct: true,
    env: {
      TRUST_PROXY: 'loopback',
      // A tenth of the product's own limit of an address: a minute's worth comes before the flood is refused.
      REQUEST_RATE_PER_MINUTE: String(REQUESTS_PER_MINUTE),
      UPLOAD_RATE_PER_MINUTE: '600',
      SOCKETS_PER_ADDRESS_MAX: '50',
    },
  });
}

async function fairShares(installation: DrillInstallation): Promise<string> {
  await installation.gateway.script({ otherwise: { delayMs: CONVERSION_MS } });
  const alone: Waits = { converted: [], read: [] };
  const beside: Waits = { converted: [], read: [] };
  const crowds: Record<string, Tally[]> = {};
  // Code is slow when it runs for the first time, which is no fault.
  await everybody(installation, { converted: [], read: [] });
  for (let turn = 0; turn < TURNS; turn += 1) {
    await everybody(installation, alone);
    const crowd = startCrowd(installation, turn);
    await sleep(stretched(QUEUE_GROWS_MS));
    await everybody(installation, beside);
    await Promise.all(Object.values(crowd).map((each) => each.stop()));
    for (const [name, { tally }] of Object.entries(crowd)) (crowds[name] ??= []).push(tally);
    await queueIsEmpty(installation);
  }
  const [converted, read] = (['converted', 'read'] as const).map((what) => ({
    alone: p95(alone[what]),
    beside: p95(beside[what]),
  })) as [Compared, Compared];
  const told = `upload to ready ${inMs(converted)}, reads ${inMs(read)}; ${refusalsOf(crowds)}`;
  expectRefusals(crowds, told);
  for (const each of [converted, read])
    expectThat(each.beside <= 2 * each.alone, 'p95 of the others is at most twice what it is alone', told);
  return told;
}

interface Compared {
  readonly alone: number;
  readonly beside: number;
}

function startCrowd(installation: DrillInstallation, turn: number): Record<string, Crowd> {
  const { url, port } = installation.rest!;
  const thousand = Array.from({ length: ADDRESSES }, (_, n) => `10.1.${n >> 8}.${n & 255}`);
  return {
    slow: slowBodies(port, '198.51.100.1', SLOW_BODIES, SLOW_BYTES_PER_SEC),
    thousand: readers(url, { path: '/api/jobs', addresses: thousand, perSec: READS_PER_SEC / slowness() }),
    flood: readers(url, {
      path: '/api/mappings',
      addresses: ['198.51.100.2'],
      perSec: FLOOD_PER_SEC / slowness(),
      first: REQUESTS_PER_MINUTE,
    }),
    greedy: greedyUploader(installation, `198.51.100.${10 + turn}`, GREEDY_AT_ONCE),
  };
}

/** Everybody at once: upload, wait until the row is ready, look at the list and at the job. Nobody is refused anything. */
async function everybody(installation: DrillInstallation, waits: Waits): Promise<void> {
  await Promise.all(
    Array.from({ length: PEOPLE }, (_, n) => person(installation, `203.0.113.${n + 1}`, waits)),
  );
}

async function person(installation: DrillInstallation, from: string, waits: Waits): Promise<void> {
  const owner = newOwner();
  const url = installation.rest!.url;
  const watcher = watchQueue(url, owner);
  await within(READY_MS_MAX, 'the socket is open', () => watcher.connections() > 0);
  for (let document = 0; document < DOCUMENTS; document += 1) {
    const startedAt = performance.now();
    const { status, jobId, text } = await tryUpload(installation, { owner, from });
    expectThat(status === 202 && jobId !== null, 'nobody else is refused', text);
    await within(READY_MS_MAX, 'the job is ready', () => watcher.rows().get(jobId!)?.state === 'ready', 5);
    waits.converted.push(performance.now() - startedAt);
    for (const path of ['/api/jobs', `/api/jobs/${jobId}`]) {
      const askedAt = performance.now();
      const answer = await request(url, owner, path, { headers: { 'X-Forwarded-For': from } });
      await answer.arrayBuffer();
      waits.read.push(performance.now() - askedAt);
      expectThat(answer.ok, 'nobody else is refused', answer.status);
    }
    await sleep(PAUSE_MS);
  }
  watcher.close();
}

/** The jobs of the greedy owner are converted before people are measured alone. */
async function queueIsEmpty(installation: DrillInstallation): Promise<void> {
  await installation.gateway.script({ otherwise: {} });
  await within(READY_MS_MAX, 'the queue is empty', async () => {
    const { rows } = await installation.store.query<{ open: number }>(
      `select count(*)::int as open from docket.jobs where state not in ('ready', 'failed')`,
    );
    return rows[0]?.open === 0;
  });
  await installation.gateway.script({ otherwise: { delayMs: CONVERSION_MS } });
}

function expectRefusals(crowds: Readonly<Record<string, readonly Tally[]>>, told: string): void {
  const all = Object.values(crowds).flat();
  const odd = all.flatMap((tally) => tally.odd);
  const untold = all.reduce((sum, tally) => sum + tally.untold, 0);
  expectThat(untold === 0, 'every refusal has Retry-After', [told, untold]);
  expectThat(odd.length === 0, 'every other answer is a success', [told, ...odd]);
  const refused = (name: string, status: string): boolean =>
    (crowds[name] ?? []).some((tally) => (tally.refused[status] ?? 0) > 0);
  expectThat(refused('slow', '503'), 'slow bodies make room', told);
  expectThat(refused('flood', '429'), 'a flood from one address is refused', told);
  expectThat(refused('greedy', '429'), 'uploads beyond the limit are refused', told);
}

function refusalsOf(crowds: Readonly<Record<string, readonly Tally[]>>): string {
  return Object.entries(crowds)
    .map(([name, tallies]) => {
      const asked = tallies.reduce((sum, tally) => sum + tally.asked, 0);
      const refused = tallies.flatMap((tally) => Object.values(tally.refused)).reduce((sum, n) => sum + n, 0);
      return `${name} ${refused} of ${asked}`;
    })
    .join(', ')
    .replace(/^/, 'refused: ');
}

function inMs({ alone, beside }: Compared): string {
  return `${alone.toFixed(0)} -> ${beside.toFixed(0)} ms`;
}

function p95(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1] ?? 0;
}

/** Runs in a separate installation, as `npm start` makes it. `npm run check:abuse` runs the whole hour. */
async function anonymousAbuse(): Promise<string> {
  const { requests, wrong, samples, logBytes } = await abuse({ requests: HOUR_REQUESTS / ABUSE_SHARE });
  const anHour = (logBytes.scavenged - logBytes.before) * ABUSE_SHARE;
  const largest = Object.entries(samples.at(-1)?.rss ?? {}).toSorted(([, a], [, b]) => b - a)[0];
  const [name = '', bytes = 0] = largest ?? [];
  const told = `${requests} requests: ${mib(anHour)} MiB an hour after scavenge; the largest is ${name}, ${mib(bytes)} MiB`;
  expectThat(Object.keys(wrong).length === 0, 'every answer is the right one', wrong);
  expectThat(anHour < LOG_GROWTH_BYTES_MAX, 'an hour leaves less than 50 MiB in the log', told);
  expectThat(bytes < RSS_BYTES_MAX, 'memory stays bounded (I17)', told);
  return told;
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

export const fairSharesGroup: DrillGroup = {
  name: 'fair-shares',
  isAlone: true,
  start,
  drills: [
    {
      id: 'D66',
      title: '64 slow bodies, a thousand addresses, a flood and a greedy owner beside others',
      run: fairShares,
      msMax: 240_000,
    },
  ],
};

/** Starts a separate installation. The group's own installation exists because every group has one. */
export const abuseGroup: DrillGroup = {
  name: 'abuse',
  start: () => startDrillInstallation({}),
  drills: [
    {
      id: 'D67',
      title: 'a sixtieth of an hour of anonymous abuse at the limit of an address',
      run: anonymousAbuse,
      msMax: 240_000,
    },
  ],
};
