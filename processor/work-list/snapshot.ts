import type { ExistingJob } from '../../conversion-job/job.ts';

/** A job whose whole stream is known, so that the next event can be decided and chained without a read. */
export interface KnownJob {
  readonly job: ExistingJob;
  /** Hash of the event at `job.revision`. */
  readonly hash: string;
}

/** A job in the form that a row stores. */
export function snapshotOf({ job, hash }: KnownJob): string {
  return JSON.stringify({ ...job, revision: job.revision.toString(), hash });
}

/** Reads the job of a row. Null when the row has no job, or when the job was stored before Docket chained events. */
export function jobOfSnapshot(snapshot: string | null): KnownJob | null {
  if (snapshot === null) return null;
  const { hash, ...job } = JSON.parse(snapshot) as ExistingJob & { revision: string; hash?: string };
  return hash === undefined ? null : { job: { ...job, revision: BigInt(job.revision) }, hash };
}
