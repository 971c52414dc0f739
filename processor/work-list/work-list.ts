import type { Quarantined } from '../../read-store/projection-engine/fold-batch.ts';
import { CodedError } from '../../schemas/coded-error.ts';
import type { LogMark } from '../../schemas/log-mark.ts';
import type { KnownJob } from './snapshot.ts';
import type { Correction, WorkChange } from './work-change.ts';

/** A job taken from the list. It is only reserved: the claim becomes true by appending `ConversionStarted`. */
export interface ClaimedItem {
  readonly jobId: string;
  readonly owner: string;
  /** Revision of the stream the list knew; a stream that has moved on refuses the start. */
  readonly revision: bigint;
  /** The end of a backoff, ISO 8601, or null. */
  readonly notBefore: string | null;
  /** The job at `revision`, when the list knows it whole. */
  readonly known: KnownJob | null;
}

/** A lease in the log whose holder can no longer be trusted to report. */
export interface LostLease {
  readonly jobId: string;
  readonly fencingToken: string;
  readonly cause: 'lease-ended' | 'processor-silent';
}

/** The right to feed the list, and where the last feeder stopped. */
export interface FeedGrant {
  readonly epoch: bigint;
  readonly position: bigint | 'start';
  /** The event that the checkpoint stands on; null at the start, and for a checkpoint from before marks were kept. */
  readonly mark: LogMark | null;
}

/** How the checkpoint moves together with the changes. */
export interface FeedMove {
  /**
   * The checkpoint as this feeder left or found it: a crash of Postgres may have taken it back, and with it what was
   * written on the way (ADR 0080).
   */
  readonly from: FeedGrant['position'];
  readonly to: FeedGrant['position'];
  /** The last event up to `to`; null leaves the mark as it is. */
  readonly mark: LogMark | null;
}

/** Another processor feeds the list now; this one must stop. */
export class FeedLost extends CodedError {
  readonly code = 'FEED_LOST';
  readonly retryable = false;

  constructor(epoch: bigint, options?: ErrorOptions) {
    super(
      `The work list is no longer fed under epoch ${epoch.toString()}, or not from where it was left.`,
      options,
    );
  }
}

/**
 * The to-do list of all processors: what the log still owes an outcome. It is derived from the log and never decides
 * anything: a wrong row costs a refused command, nothing else. Postgres holds it in production, the simulator keeps
 * it in memory. Every method may throw the read store's `READ_STORE_UNAVAILABLE`.
 *
 * All times are measured by the list's own clock, so that no two machines' clocks are ever compared.
 */
export interface WorkList {
  /** Announces a processor's new life; from now on leases of its earlier lives are lost. */
  enlist(processorId: string, workerId: string): Promise<void>;
  /** Says that the worker lives. False when a later life of the same processor has taken its place. */
  beat(processorId: string, workerId: string): Promise<boolean>;
  /** The worker has stopped in good order. */
  leave(workerId: string): Promise<void>;

  /** Takes or keeps the right to feed for `ttlMs`; null while another living worker has it. */
  holdFeed(processorId: string, workerId: string, ttlMs: number): Promise<FeedGrant | null>;
  /** Up to where the list has been fed, whoever feeds it. */
  standing(): Promise<Pick<FeedGrant, 'position' | 'mark'>>;
  /** Gives the lease back at once. */
  dropFeed(workerId: string): Promise<void>;
  /**
   * Writes changes and the checkpoint in one transaction. A change older than its row is skipped. The same once more
   * is harmless.
   *
   * @throws FeedLost
   */
  apply(changes: readonly WorkChange[], move: FeedMove, epoch: bigint): Promise<void>;
  /**
   * Forgets everything that was read from the log, which is another one now, in one transaction: rows, checkpoint,
   * quarantine, and how far retention is settled. Says so until `rebuilt`.
   *
   * @param until where the log ends now: the list is as good as the log from there on
   * @throws FeedLost
   */
  startOver(epoch: bigint, until: bigint, why: string): Promise<void>;
  /** The list has been built again from the log. */
  rebuilt(epoch: bigint): Promise<void>;
  /** Notes the first event of each stream that cannot be applied, in the list that the projections use as well. */
  quarantine(held: readonly Quarantined[]): Promise<void>;
  /** Takes streams out of the quarantine. */
  letGo(streams: readonly string[]): Promise<void>;
  /** The revision that the job's row has, read before the job's stream; null without a row. */
  revisionOf(jobId: string): Promise<bigint | null>;
  /** Sets rows right after a look at their streams, whoever looked. Never adds a row. */
  correct(corrections: readonly Correction[]): Promise<void>;

  /**
   * Reserves up to `max` jobs for `reserveMs`: owners with the fewest running conversions first, then priority, then
   * age.
   */
  claim(workerId: string, max: number, reserveMs: number): Promise<ClaimedItem[]>;
  /** Gives reserved jobs back without a trace. */
  release(workerId: string, jobIds: readonly string[]): Promise<void>;
  /** Offers what has waited long enough, and what was reserved by a worker that never started it. Answers how many. */
  offerDue(silentMs: number): Promise<number>;

  /** Leases that ended or whose worker has been silent, at most `max`; `trustSilence` false leaves the silent ones. */
  lostLeases(silentMs: number, trustSilence: boolean, max: number): Promise<LostLease[]>;
  /** Jobs that the list believes this worker is converting. */
  leasesOf(workerId: string): Promise<{ jobId: string; fencingToken: string }[]>;
  /** Rows that nothing has touched for `untouchedMs`, marked as looked at; their streams tell whether they are right. */
  untouched(untouchedMs: number, max: number): Promise<string[]>;
  /** Jobs set aside because an event of theirs was not understood. */
  held(max: number): Promise<string[]>;
  /** Number of rows by place. */
  counts(): Promise<Record<'offered' | 'claimed' | 'running' | 'later' | 'held', number>>;

  /** Takes up to `max` of the permits shared by all processors; `waitMs` says when the next one is due. */
  takePermits(max: number, perSecond: number): Promise<{ granted: number; waitMs: number }>;
  returnPermits(count: number): Promise<void>;
}
