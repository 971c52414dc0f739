import type { Job } from '../../conversion-job/job.ts';
import type { JobEvent } from '../../schemas/job-events.ts';
import type { KnownJob } from './snapshot.ts';

/** Where a job stands from the processor's point of view. */
export type Placement =
  | { readonly place: 'offered' }
  | { readonly place: 'later'; readonly notBefore: string; readonly waitMs: number }
  | {
      readonly place: 'running';
      readonly workerId: string;
      readonly fencingToken: string;
      readonly leaseMs: number;
    }
  /** A worker of the processor that feeds the list has begun it, before the list knew it. */
  | { readonly place: 'claimed'; readonly workerId: string; readonly reserveMs: number }
  /** Nothing left to do. */
  | { readonly place: 'done' }
  /** An event of the job cannot be understood by this build; the job is left alone until it can. */
  | { readonly place: 'held' };

/** What orders a job among the others. */
export interface Standing {
  readonly owner: string;
  readonly priority: number;
  /** Position of the request in the log: age. */
  readonly requestedPosition: bigint;
  /**
   * The whole job at the change's revision, when the feeder has seen its stream from the beginning. A worker then
   * starts its first attempt without reading the stream; the exact revision of the append keeps that honest.
   */
  readonly known: KnownJob | null;
}

/** What some events of one job do to its row, in absolute terms: applying it twice is applying it once. */
export interface WorkChange {
  readonly jobId: string;
  /** Revision of the last event in the change; a row that is further along ignores it. */
  readonly revision: bigint;
  /** Present when the job enters the list; a change without it moves an existing row. */
  readonly standing: Standing | null;
  readonly placement: Placement;
}

/** A change that comes from a look at the job's stream and not from the feeder. */
export interface Correction extends WorkChange {
  /**
   * Revision that the row had before the look, null when there was no row. A stream never shrinks: a row that is ahead of
   * a later look holds events of a log that was replaced, and the stream takes its place (ADR 0149).
   */
  readonly rowRevision: bigint | null;
}

/** The place of the job that follows from the event, or null when the event does not change it. */
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

/** Where a job stands when its whole stream is known. */
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

/** Both instants come from one clock, so their difference holds on any other. */
function msFrom(earlier: string, later: string): number {
  return Math.max(0, Date.parse(later) - Date.parse(earlier));
}
