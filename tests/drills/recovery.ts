/**
 * How long it takes until the job of a killed worker runs elsewhere, at the default settings:
 *
 *   npm run drills:recovery -- [--kills 50] [--at-once 10]
 *
 * Workers of concurrency 1 are killed in mid-conversion, several side by side, beside two processors that are left
 * alone. What is measured is the time from the kill to the next `ConversionStarted` of the same job.
 */
import { parseArgs } from 'node:util';
import { prepareQuickStarts } from './quick-start.ts';
import { startDrillInstallation, type DrillInstallation } from './drill-installation.ts';
import { within } from './claims.ts';
import { brokenInvariants } from './invariants.ts';
import { storyOf } from './job-streams.ts';
import { upload } from './people.ts';

/** What `QUICK` makes faster is put back to what an installation has that sets nothing. */
const DEFAULTS = {
  GATEWAY_TIMEOUT_MS: '30000',
  WORKER_TIMEOUT_MS: '60000',
  WORKER_LEASE_TTL_SEC: '90',
  JOB_TIMEOUT_SEC: '300',
  RETRY_BACKOFF_MS: '5000',
  RETRY_BACKOFF_MAX_MS: '60000',
  PROCESSOR_BEAT_MS: '2000',
  PROCESSOR_SILENT_MS: '10000',
  BREAKER_FAILURES: '5',
  BREAKER_RESET_MS: '10000',
  EVENTSTORE_TIMEOUT_MS: '5000',
  DATABASE_TIMEOUT_MS: '5000',
};

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '50' }, 'at-once': { type: 'string', default: '10' } },
});
await prepareQuickStarts();
process.on('unhandledRejection', () => undefined);
const installation = await startDrillInstallation({ direct: true, env: DEFAULTS });
let code: number;
try {
  code = await measure(installation, Number(values.kills), Number(values['at-once']));
} finally {
  await installation.stop();
}
process.exit(code);

async function measure(of: DrillInstallation, kills: number, atOnce: number): Promise<number> {
  const took: number[] = [];
  for (let round = 0; took.length < kills; round += 1) {
    took.push(...(await oneRound(of, round, Math.min(atOnce, kills - took.length))));
    console.log(
      `${took.length} kills: ${took
        .slice(-atOnce)
        .map((ms) => (ms / 1000).toFixed(1))
        .join(' ')} s`,
    );
  }
  const sorted = took.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.ceil(share * sorted.length) - 1]! / 1000).toFixed(1);
  console.log(
    `${took.length} kills at default settings: p50 ${at(0.5)} s, p95 ${at(0.95)} s, max ${at(1)} s`,
  );
  const broken = await brokenInvariants(of);
  for (const fault of broken) console.log(`BROKEN ${fault}`);
  return broken.length > 0 || Number(at(0.95)) > 15 ? 1 : 0;
}

/** Victims convert one hanging job each; then they die together, and the others take over. */
async function oneRound(of: DrillInstallation, round: number, victims: number): Promise<number[]> {
  const doomed = await Promise.all(
    Array.from({ length: victims }, (_, n) =>
      of.serve(`victim-${round}-${n}`, ['processor'], { env: { WORKER_CONCURRENCY: '1' } }),
    ),
  );
  await of.gateway.script({ queue: Array.from({ length: victims }, () => ({ instead: 'hang' as const })) });
  const jobs = await Promise.all(Array.from({ length: victims }, () => upload(of)));
  await within(30_000, 'every victim converts', async () => {
    const stories = await Promise.all(jobs.map((jobId) => storyOf(of, jobId)));
    return stories.every(({ job }) => job.state === 'converting');
  });
  const heir = await of.serve(`heir-${round}`, ['processor'], { env: { WORKER_CONCURRENCY: '16' } });
  const killedAt = Date.now();
  for (const each of doomed) each.signal('SIGKILL');
  await within(90_000, 'every job is over', async () => {
    const stories = await Promise.all(jobs.map((jobId) => storyOf(of, jobId)));
    return stories.every(({ job }) => job.state === 'ready');
  });
  await heir.terminate();
  const stories = await Promise.all(jobs.map((jobId) => storyOf(of, jobId)));
  return stories.map(({ events }) => {
    const again = events.findLast(({ event }) => event.type === 'ConversionStarted')!;
    return Date.parse(again.event.data.at) - killedAt;
  });
}
