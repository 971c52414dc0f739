import { jobDecider } from '../../conversion-job/decider.ts';
import type { RetryPolicy } from '../../conversion-job/retry-policy.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import type { ReadStore } from '../../read-store/pool.ts';
import type { Log } from '../../runtime/log/log.ts';
import { jobIdOfStream } from '../../schemas/events/streams.ts';
import { jobCommands } from '../job-stream/job-commands.ts';
import { compareWithStream } from '../leases/sweeper.ts';
import { postgresWorkList, WORK_LIST_LEDGER } from '../work-list/postgres-work-list.ts';

export interface ReplayedJob {
  readonly projection: string;
  readonly stream: string;
  readonly outcome: 'released' | 'still held';
}

/**
 * Tries the held jobs of the work list again: all of them, or only the jobs of the named streams. A job whose events
 * this build understands continues at once.
 *
 * @throws LogUnavailable, ReadStoreUnavailable
 */
export async function replayHeldJobs(
  parts: {
    readonly log: EventLog;
    readonly store: ReadStore;
    readonly policy: RetryPolicy;
    readonly logger: Log;
  },
  named: readonly string[],
): Promise<ReplayedJob[]> {
  const { log, store, policy, logger } = parts;
  const { ledger, version } = WORK_LIST_LEDGER;
  const { rows } = await store.query<{ stream: string }>(
    'select stream from docket.quarantine where projection = $1 and version = $2 order by held_at',
    [ledger, version],
  );
  const list = postgresWorkList(store);
  const commands = jobCommands(log, jobDecider(policy), 'operator');
  const replayed: ReplayedJob[] = [];
  for (const { stream } of rows) {
    const jobId = jobIdOfStream(stream);
    if (jobId === null || (named.length > 0 && !named.includes(stream))) continue;
    const isUnderstood = await compareWithStream({ list, commands, logger }, jobId);
    if (isUnderstood) await list.letGo([stream]);
    replayed.push({ projection: ledger, stream, outcome: isUnderstood ? 'released' : 'still held' });
  }
  return replayed;
}
