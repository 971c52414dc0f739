import type { JobCommands } from '../job-stream/job-commands.ts';
import { AttemptCut } from '../attempts/attempt.ts';
import type { RunningAttempt } from '../attempts/claim-loop.ts';
import type { LostLease, WorkList } from '../work-list/work-list.ts';

export interface OwnLeaseParts {
  readonly list: Pick<WorkList, 'leasesOf'>;
  readonly commands: Pick<JobCommands, 'look'>;
  readonly workerId: string;
  readonly running: () => readonly RunningAttempt[];
  /** Number of attempts that this worker has begun. */
  readonly begun: () => number;
  readonly abandon: (lease: LostLease) => Promise<void>;
  /** An attempt younger than this may not be on the list yet. */
  readonly settledAfterMs: number;
}

/**
 * A worker counts as quiet after this many comparisons without an attempt or a lease. By then the list shows every
 * lease whose start got no answer.
 */
const QUIET_LOOKS = 30;

export interface OwnLeaseWatch {
  /** Makes a comparison. Call it on every heartbeat; for a quiet worker a fifteenth of these calls is enough. */
  readonly look: () => Promise<void>;
  /** True when the worker has had no attempt and no lease for a while, until it begins an attempt. */
  readonly isQuiet: () => boolean;
}

/**
 * Compares the attempts that this worker runs with the attempts on the list. It cuts an attempt whose job was
 * cancelled or given to another worker. It abandons a lease without an attempt, which a start without an answer
 * leaves behind.
 */
export function ownLeaseWatch(parts: OwnLeaseParts): OwnLeaseWatch {
  /**
   * Leases without an attempt at the last comparison. A lease is abandoned when it still has no attempt at the next
   * comparison.
   */
  let strays = new Set<string>();
  let quietLooks = 0;
  let begunBefore = 0;

  const isIdle = (): boolean => parts.begun() === begunBefore && parts.running().length === 0;
  const look = async (): Promise<void> => {
    quietLooks = isIdle() ? quietLooks + 1 : 0;
    begunBefore = parts.begun();
    const leases = await parts.list.leasesOf(parts.workerId);
    const running = parts.running();
    if (leases.length + running.length > 0) quietLooks = 0;
    const listed = new Set(leases.map((lease) => lease.jobId));
    for (const attempt of running) {
      const isSettled = performance.now() - attempt.startedMs > parts.settledAfterMs;
      if (isSettled && !listed.has(attempt.jobId)) await cutIfLost(parts, attempt);
    }
    const busy = new Set(running.map((attempt) => attempt.jobId));
    const idle = leases.filter((lease) => !busy.has(lease.jobId));
    for (const lease of idle)
      if (strays.has(lease.fencingToken + lease.jobId))
        await parts.abandon({ ...lease, cause: 'lease-ended' });
    strays = new Set(idle.map((lease) => lease.fencingToken + lease.jobId));
  };
  return { look, isQuiet: () => quietLooks > QUIET_LOOKS && isIdle() };
}

async function cutIfLost(parts: OwnLeaseParts, attempt: RunningAttempt): Promise<void> {
  if (attempt.fencingToken === null) return;
  const { job } = await parts.commands.look(attempt.jobId);
  const holds = job.state === 'converting' && job.fencingToken === attempt.fencingToken;
  if (!holds) attempt.cut.abort(new AttemptCut('lease-lost'));
}
