import { readFileSync } from 'node:fs';
import { GATEWAY_STREAM } from '../../../schemas/events/streams.ts';
import { DrillFailed, expectThat, within } from '../claims.ts';
import { startDrillInstallation, type DrillInstallation } from '../drill-installation.ts';
import type { DrillGroup } from '../drill.ts';
import { untilState } from '../job-streams.ts';
import { newOwner, request, upload } from '../people.ts';
import { familyOf, signalAll, starve } from '../starve.ts';

/** 4 % of a core. */
const STARVED = { runMs: 40, everyMs: 1_000 };
const STARVED_MS_MAX = 400_000;

/** The time limits and the breaker of the product, because the drill tests their interaction. */
function start(): Promise<DrillInstallation> {
  return startDrillInstallation({
    processor: true,
    gateway: 'real',
    direct: true,
    env: {
      GATEWAY_TIMEOUT_MS: '30000',
      WORKER_TIMEOUT_MS: '60000',
      WORKER_LEASE_TTL_SEC: '90',
      JOB_TIMEOUT_SEC: '600',
      RETRY_MAX_ATTEMPTS: '10',
      WORKER_CONCURRENCY: '4',
      BREAKER_FAILURES: '5',
      BREAKER_RESET_MS: '5000',
    },
  });
}

async function invoicePdf(seed: number): Promise<Uint8Array> {
  const { makeInvoicePdf } = await import('../../rooms/gateway/invoice-pdf.ts');
  return makeInvoicePdf(seed);
}

async function lastTransition(installation: DrillInstallation): Promise<string | null> {
  return (await installation.log.readLast(GATEWAY_STREAM))?.type ?? null;
}

interface Health {
  readonly status: string;
  readonly ready: number;
}

async function healthOf(installation: DrillInstallation): Promise<Health & { code: number }> {
  const answer = await fetch(`${installation.realGateway!.url}/health`);
  return { code: answer.status, ...((await answer.json()) as Health) };
}

async function metric(installation: DrillInstallation, line: string): Promise<number> {
  const text = await (await fetch(`${installation.processor!.health}/metrics`)).text();
  const found = text.split('\n').find((each) => each.startsWith(`${line} `));
  if (found === undefined) throw new DrillFailed(`the metrics have no ${line}`);
  return Number(found.split(' ').at(-1));
}

/** Every converter dies, and new ones have to come up, and to convert, on 4 % of a core. */
async function starved(installation: DrillInstallation): Promise<string> {
  const gateway = installation.realGateway!.pid();
  const stopStarving = starve(gateway, STARVED);
  try {
    const startedAt = performance.now();
    const before = familyOf(gateway);
    const killed = before.filter((pid) => pid !== gateway && isConverter(pid));
    signalAll(killed, 'SIGKILL');
    await within(30_000, 'the health says that no child is ready', async () => {
      const { code, status, ready } = await healthOf(installation);
      return code === 503 && status === 'starting' && ready === 0;
    });
    const jobs = await Promise.all(
      [1, 2, 3].map(async (seed) => upload(installation, { bytes: await invoicePdf(seed) })),
    );
    await within(STARVED_MS_MAX, 'a child is up', async () => (await healthOf(installation)).ready > 0);
    const upAfter = performance.now() - startedAt;
    for (const jobId of jobs) await untilState(installation, jobId, ['ready'], { withinMs: STARVED_MS_MAX });
    const words = installation.realGateway!.lastWords();
    expectThat(!words.includes('makes no progress'), 'no child that moved on was begun again', words);
    return `first child up after ${sec(upAfter)}, 3 of 3 ready after ${sec(performance.now() - startedAt)}`;
  } finally {
    await stopStarving();
  }
}

function isConverter(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('converter-child');
  } catch {
    // The process ended between the two readings.
    return false;
  }
}

/** A gateway that is stopped refuses nothing; the breaker, the metrics and the console have to say so all the same. */
async function frozen(installation: DrillInstallation): Promise<string> {
  const family = familyOf(installation.realGateway!.pid());
  const startedAt = performance.now();
  signalAll(family, 'SIGSTOP');
  const jobs = await Promise.all(
    Array.from({ length: 8 }, async (_, seed) =>
      upload(installation, { bytes: await invoicePdf(seed + 10) }),
    ),
  );
  await within(
    60_000,
    'the breaker opens',
    async () => (await lastTransition(installation)) === 'GatewayPaused',
  );
  const openedAfter = performance.now() - startedAt;
  await within(
    10_000,
    'the metrics say so',
    async () => (await metric(installation, 'docket_processor_gateway_breaker{state="closed"}')) === 0,
  );
  expectThat(
    (await metric(installation, 'docket_processor_overdue_calls')) > 0,
    'the overdue calls are counted',
  );
  await within(10_000, 'the console says so', async () => (await consoleBreaker(installation)) === 'open');
  signalAll(family, 'SIGCONT');
  for (const jobId of jobs) await untilState(installation, jobId, ['ready'], { withinMs: 90_000 });
  await within(
    20_000,
    'the pause is over',
    async () =>
      (await lastTransition(installation)) === 'GatewayResumed' &&
      (await consoleBreaker(installation)) === 'closed',
  );
  return `open after ${sec(openedAfter)}, 8 of 8 ready after SIGCONT`;
}

async function consoleBreaker(installation: DrillInstallation): Promise<string> {
  const answer = await request(installation.rest!.url, newOwner(), '/api/dashboard?range=15m');
  return ((await answer.json()) as { breaker: { state: string } }).breaker.state;
}

function sec(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

export const troubledGateway: DrillGroup = {
  name: 'troubled-gateway',
  start,
  drills: [
    { id: 'D64', title: 'gateway frozen (SIGSTOP) at default settings', run: frozen, msMax: 240_000 },
    {
      id: 'D63',
      title: 'gateway starved to 4 % of a core, all converters killed',
      run: starved,
      msMax: 2 * STARVED_MS_MAX,
    },
  ],
};
