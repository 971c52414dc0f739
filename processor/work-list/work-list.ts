import type { Quarantined } from '../../read-store/projection-engine/fold-batch.ts';
import { CodedError } from '../../schemas/errors/coded-error.ts';
import type { LogMark } from '../../schemas/events/log-mark.ts';
import type { KnownJob } from './snapshot.ts';
import type { Correction, WorkChange } from './work-change.ts';

/** A reserved job from the list. The claim counts only after the append of `ConversionStarted`. */
export interface ClaimedItem {
  readonly jobId: string;
  readonly owner: string;
  /** Revision of the stream that the list knew. A stream with a later revision refuses the start. */
  readonly revision: bigint;
  /** The end of a backoff, ISO 8601, or null. */
  readonly notBefore: string | null;
  /** The job at `revision`; null when the list does not know its whole stream. */
  readonly known: KnownJob | null;
}

/** The result of a search for jobs whose wait is over. */
export interface Offering {
  readonly offered: number;
  /** True when a job on the list waits for a worker, for its time, or for the start of its attempt. */
  readonly isWaitedFor: boolean;
}

/** A lease in the log whose holder will probably not report any more. */
export interface LostLease {
  readonly jobId: string;
  readonly fencingToken: string;
  readonly cause: 'lease-ended' | 'processor-silent';
}

/** The right to feed the list, and the position at which the last feeder stopped. */
export interface FeedGrant {
  readonly epoch: bigint;
  readonly position: bigint | 'start';
  /** The event on which the checkpoint stands. Null at the start, and for a checkpoint of a build without marks. */
  readonly mark: LogMark | null;
}

/** The move of the checkpoint that belongs to the changes. */
export interface FeedMove {
  /**
   * The last checkpoint that this feeder knew. After a crash of Postgres, the stored checkpoint may be older, and the
   * rows that were written later are lost (ADR 0080).
   */
  readonly from: FeedGrant['position'];
  readonly to: FeedGrant['position'];
  /** The mark of the last event up to `to`; null leaves the stored mark unchanged. */
  readonly mark: LogMark | null;
}

/** Another processor feeds the list now, so this processor must stop. */
export class FeedLost extends CodedError {
  readonly code = 'FEED_LOST';

  constructor(epoch: bigint, options?: ErrorOptions) {
    super(
      `Epoch ${epoch.toString()} no longer feeds the work list, or the checkpoint of the list has moved.`,
      options,
    );
  }
}

/**
 * The work list of all processors: the jobs that still need an outcome. It comes from the log and decides nothing, so
 * a wrong row only causes a refused command. Production keeps it in Postgres, the simulator in memory. Every method
 * may throw the read store's `READ_STORE_UNAVAILABLE`.
 *
 * The list measures all times by its own clock, so nobody compares the clocks of two machines.
 */
export interface WorkList {
  /** Announces a new start of a processor. Leases of its earlier starts count as lost from then on. */
  enlist(processorId: string, workerId: string): Promise<void>;
  /**
   * Records a heartbeat of the worker, which counts as silent `restMs` later than usual. False when a later start of the
   * same processor has replaced the worker.
   */
  beat(processorId: string, workerId: string, restMs: number): Promise<boolean>;
  /** Records that the worker has stopped in order. */
  leave(workerId: string): Promise<void>;

  /** Takes or keeps the right to feed for `ttlMs`. Null while another living worker has it. */
  holdFeed(processorId: string, workerId: string, ttlMs: number): Promise<FeedGrant | null>;
  /** The position up to which any processor has fed the list. */
  standing(): Promise<Pick<FeedGrant, 'position' | 'mark'>>;
  /** Gives the right to feed back at once. */
  dropFeed(workerId: string): Promise<void>;
  /**
   * Writes changes and the checkpoint in one transaction. Skips a change older than its row, so writing the same
   * changes again is harmless.
   *
   * @throws FeedLost
   */
  apply(changes: readonly WorkChange[], move: FeedMove, epoch: bigint): Promise<void>;
  /**
   * Forgets in one transaction everything that came from a replaced log: rows, checkpoint, quarantine, and the marks
   * of retention. Reports a rebuild until `rebuilt`.
   *
   * @param until the end of the new log now, at which the rebuild is complete
   * @throws FeedLost
   */
  startOver(epoch: bigint, until: bigint, why: string): Promise<void>;
  /** Records that the list has been built again from the log. */
  rebuilt(epoch: bigint): Promise<void>;
  /** Records the first event of each stream that cannot be applied, in the table that the projections use too. */
  quarantine(held: readonly Quarantined[]): Promise<void>;
  /** Removes streams from the quarantine. */
  letGo(streams: readonly string[]): Promise<void>;
  /** The revision of the job's row, read before the job's stream; null without a row. */
  revisionOf(jobId: string): Promise<bigint | null>;
  /** Corrects rows after their streams were read. Never adds a row. */
  correct(corrections: readonly Correction[]): Promise<void>;

  /**
   * Reserves up to `max` jobs for `reserveMs`: owners with the fewest running conversions first, then priority, then
   * age.
   */
  claim(workerId: string, max: number, reserveMs: number): Promise<ClaimedItem[]>;
  /** Gives reserved jobs back, as if nobody had taken them. */
  release(workerId: string, jobIds: readonly string[]): Promise<void>;
  /** Offers two kinds of jobs: jobs whose wait is over, and jobs that a worker reserved and never started. */
  offerDue(silentMs: number): Promise<Offering>;

  /**
   * Leases that expired or whose worker is silent, at most `max`. With `trustSilence` false, returns only expired
   * leases.
   */
  lostLeases(silentMs: number, trustSilence: boolean, max: number): Promise<LostLease[]>;
  /** Jobs that this worker converts according to the list. */
  leasesOf(workerId: string): Promise<{ jobId: string; fencingToken: string }[]>;
  /**
   * Returns rows without a change for `untouchedMs`, and marks them as checked. The caller compares them with their
   * streams.
   */
  untouched(untouchedMs: number, max: number): Promise<string[]>;
  /** Jobs that are held because this build did not understand an event. */
  held(max: number): Promise<string[]>;
  /** Number of rows by place. */
  counts(): Promise<Record<'offered' | 'claimed' | 'running' | 'later' | 'held', number>>;

  /** Takes up to `max` of the permits that all processors share; `waitMs` is the time until the next permit. */
  takePermits(max: number, perSecond: number): Promise<{ granted: number; waitMs: number }>;
  returnPermits(count: number): Promise<void>;
}
