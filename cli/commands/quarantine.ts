import { retryPolicyOf } from '../../conversion-job/retry-policy.ts';
import { replayHeldJobs } from '../../processor/feeder/replay-held-jobs.ts';
import { replayQuarantine } from '../../projector/replay-quarantine.ts';
import type { ReadStore } from '../../read-store/pool.ts';
import { HELD_STREAMS_MAX } from '../../read-store/projection-engine/quarantine.ts';
import { createLog } from '../../runtime/log/log.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import { JobId } from '../../schemas/ids.ts';
import { jobIdOfStream, jobStream } from '../../schemas/events/streams.ts';
import { openLog, openTables } from '../open-stores.ts';
import { usage } from '../plain-failure.ts';

/**
 * `docket quarantine list|replay`: jobs whose events the projector or the work list could not apply. Exit code 1: some
 * are still held.
 */
export async function run(argv: readonly string[]): Promise<number> {
  const [action, ...rest] = argv;
  const json = rest.includes('--json');
  const jobIds = rest.filter((argument) => argument !== '--json');
  if ((action !== 'list' && action !== 'replay') || !jobIds.every((jobId) => JobId.safeParse(jobId).success))
    throw usage('Say: docket quarantine list, or docket quarantine replay [job...].');

  const settings = loadSettings(process.env);
  const logger = createLog('docket', 'warn');
  const store = openTables(settings, logger);
  try {
    if (action === 'list') return await list(store, json);
    const log = openLog(settings, logger);
    try {
      const streams = jobIds.map(jobStream);
      const policy = retryPolicyOf(settings);
      const replayed = [
        ...(await replayQuarantine({ log, store }, streams)),
        ...(await replayHeldJobs({ log, store, policy, logger }, streams)),
      ];
      if (json) console.log(JSON.stringify({ replayed }, null, 2));
      else {
        for (const { projection, stream, outcome } of replayed)
          console.log(`${jobIdOfStream(stream) ?? stream}  ${projection}: ${outcome}`);
        console.log(`${new Set(replayed.map(({ stream }) => stream)).size} jobs tried.`);
      }
      return replayed.every(({ outcome }) => outcome === 'released') ? 0 : 1;
    } finally {
      await log.close();
    }
  } finally {
    await store.close();
  }
}

async function list(store: ReadStore, json: boolean): Promise<number> {
  const { rows } = await store.query<{
    projection: string;
    stream: string;
    revision: string;
    type: string;
    reason: string;
    held_at: Date;
  }>(
    `select projection, stream, revision, type, reason, held_at from docket.quarantine order by held_at limit $1`,
    [HELD_STREAMS_MAX],
  );
  if (json) console.log(JSON.stringify({ held: rows }, null, 2));
  else {
    for (const { projection, stream, revision, type, reason, held_at: heldAt } of rows)
      console.log(
        `${jobIdOfStream(stream) ?? stream}  ${projection}  ${heldAt.toISOString()}  event ${revision} ${type}: ${reason}`,
      );
    const jobs = new Set(rows.map(({ stream }) => stream)).size;
    console.log(`${jobs} jobs in quarantine.`);
  }
  return 0;
}
