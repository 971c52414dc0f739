import type { ExistingJob } from '../../conversion-job/job.ts';

/** A job as a row keeps it. The row is derived from the log and written by this build or an earlier one. */
export function snapshotOf(job: ExistingJob): string {
  return JSON.stringify({ ...job, revision: job.revision.toString() });
}

/** The job of a row, or null when the row has none. */
export function jobOfSnapshot(snapshot: string | null): ExistingJob | null {
  if (snapshot === null) return null;
  const job = JSON.parse(snapshot) as ExistingJob & { revision: string };
  return { ...job, revision: BigInt(job.revision) };
}
