import type { JobEvent } from '../../schemas/events/job-events.ts';

/**
 * An owner, with the total of its stored bytes. All its jobs share this object, because the owner's text in each job
 * would take most of the memory.
 */
interface Account {
  readonly owner: string;
  bytes: number;
}

/** The bytes of one job in the blob store; 0 for a file that does not exist. */
interface JobFiles {
  readonly account: Account;
  source: number;
  result: number;
}

/**
 * Adds up the stored bytes of each owner: every uploaded PDF, and every result that has not expired. The fold drops a
 * job without a file, so its memory grows with the stored files: about 170 MB for a million jobs.
 */
export function foldStoredBytes() {
  const files = new Map<string, JobFiles>();
  const accounts = new Map<string, Account>();

  const accountOf = (owner: string): Account => {
    const account = accounts.get(owner) ?? { owner, bytes: 0 };
    accounts.set(owner, account);
    return account;
  };
  const set = (jobId: string, job: JobFiles, sizes: { source?: number; result?: number }): void => {
    const { source = job.source, result = job.result } = sizes;
    job.account.bytes += source + result - job.source - job.result;
    job.source = source;
    job.result = result;
    if (job.account.bytes === 0) accounts.delete(job.account.owner);
    if (source + result === 0) files.delete(jobId);
  };

  return {
    /** Folds one event of a job's stream. A repeated event has no effect. */
    apply: (jobId: string, event: JobEvent) => {
      if (event.type === 'DocumentUploaded') {
        // The job id is derived from the owner, so a job never changes its owner.
        const account = files.get(jobId)?.account ?? accountOf(event.data.owner);
        const job = files.get(jobId) ?? { account, source: 0, result: 0 };
        files.set(jobId, job);
        return set(jobId, job, { source: event.data.bytes, result: 0 });
      }
      const job = files.get(jobId);
      if (!job) return;
      if (event.type === 'ConversionSucceeded') set(jobId, job, { result: event.data.result.bytes });
      if (event.type === 'ResultExpired') set(jobId, job, { result: 0 });
      if (event.type === 'SourceExpired') set(jobId, job, { source: 0 });
    },
    ofOwner: (owner: string) => accounts.get(owner)?.bytes ?? 0,
    /** Bytes of a job's PDF; 0 when it has none. */
    ofSource: (jobId: string) => files.get(jobId)?.source ?? 0,
    /** Number of jobs with a file. The memory of this fold grows with it. */
    jobs: () => files.size,
    clear: () => {
      files.clear();
      accounts.clear();
    },
  };
}
