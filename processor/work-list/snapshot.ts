import type { ExistingJob } from '../../conversion-job/job.ts';

/** A job whose stream is known to its end, so that the next event can be decided and chained without reading it. */
export interface KnownJob {
  readonly job: ExistingJob;
  /** Hash of the event at `job.revision`. */
  readonly hash: string;
}

/** A job as a row keeps it. The row is derived from the log and written by this build or an earlier one. */
export function snapshotOf({ job, hash }: KnownJob): string {
  return JSON.stringify({ ...job, revision: job.revision.toString(), hash });
}

/** The job of a row, or null when the row has none, or one from before events were chained. */
export function jobOfSnapshot(snapshot: string | null): KnownJob | null {
  if (snapshot === null) return null;
  const { hash, ...job } = JSON.parse(snapshot) as ExistingJob & { revision: string; hash?: string };
  return hash === undefined ? null : { job: { ...job, revision: BigInt(job.revision) }, hash };
}
