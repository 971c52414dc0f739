import type { Job } from '../../conversion-job/job.ts';
import type { JobEvent } from '../../schemas/events/job-events.ts';
import type { KnownJob } from './snapshot.ts';

/** The place of a job on the work list. */
export type Placement =
  | { readonly place: 'offered' }
  | { readonly place: 'later'; readonly notBefore: string; readonly waitMs: number }
  | {
      readonly place: 'running';
      readonly workerId: string;
      readonly fencingToken: string;
      readonly leaseMs: number;
    }
  /** A worker of the processor that feeds the list began the job before the list had a row for it. */
  | { readonly place: 'claimed'; readonly workerId: string; readonly reserveMs: number }
  /** The job needs no more work. */
  | { readonly place: 'done' }
  /** This build does not understand an event of the job, so nobody works on the job until a build does. */
  | { readonly place: 'held' };

/** The data that gives a job its place among the waiting jobs. */
export interface Standing {
  readonly owner: string;
  readonly priority: number;
  /** Position of the request in the log. It shows the age of the job. */
  readonly requestedPosition: bigint;
  /**
   * The whole job at the change's revision, when the feeder has seen its stream from the beginning. A worker then
   * starts its first attempt without reading the stream. If the job is not current, the log refuses the append at
   * this revision.
   */
  readonly known: KnownJob | null;
}

/**
 * The change that some events of one job make to its row. The values are absolute, so a change can be applied twice
 * without harm.
 */
export interface WorkChange {
  readonly jobId: string;
  /** Revision of the last event in the change. A row with a later revision ignores the change. */
  readonly revision: bigint;
  /** Set when the job enters the list. A change without it moves an existing row. */
  readonly standing: Standing | null;
  readonly placement: Placement;
}

/** A change that comes from the job's stream and not from the feeder. */
export interface Correction extends WorkChange {
  /**
   * Revision of the row before the stream was read; null when there was no row. A stream never becomes shorter. So a
   * row that is ahead of its stream holds events of a replaced log, and the correction replaces the row (ADR 0149).
   */
  readonly rowRevision: bigint | null;
}

/** The job's new place after the event; null when the event does not change it. */
export function placementAfter(event: JobEvent, revision: bigint): Placement | null {
  switch (event.type) {
    case 'ConversionRequested':
    case 'AttemptAbandoned':
      return { place: 'offered' };
    case 'ConversionStarted': {
      const { at, leaseUntil, workerId } = event.data;
      return {
        place: 'running',
        workerId,
        fencingToken: revision.toString(),
        leaseMs: msFrom(at, leaseUntil),
      };
    }
    case 'ConversionDeferred': {
      const { at, notBefore } = event.data;
      return { place: 'later', notBefore, waitMs: msFrom(at, notBefore) };
    }
    case 'ConversionSucceeded':
    case 'ConversionFailed':
    case 'ConversionCancelled':
      return { place: 'done' };
    case 'DocumentUploaded':
    case 'ResultDownloaded':
    case 'ResultExpired':
    case 'SourceExpired':
      return null;
    default:
      return event satisfies never;
  }
}

/** The place of a job whose whole stream is known. */
export function placementOf(job: Job): Placement {
  switch (job.state) {
    case 'queued':
      return { place: 'offered' };
    case 'waiting':
      return { place: 'later', notBefore: job.notBefore, waitMs: msFrom(job.updatedAt, job.notBefore) };
    case 'converting': {
      const { workerId, fencingToken, updatedAt, leaseUntil } = job;
      return { place: 'running', workerId, fencingToken, leaseMs: msFrom(updatedAt, leaseUntil) };
    }
    case 'absent':
    case 'ready':
    case 'failed':
    case 'cancelled':
    case 'expired':
      return { place: 'done' };
    default:
      return job satisfies never;
  }
}

/** Both instants come from one clock, so their difference is correct on every machine. */
function msFrom(earlier: string, later: string): number {
  return Math.max(0, Date.parse(later) - Date.parse(earlier));
}
