/**
 * The log as the rest of Docket sees it: append with an exact expected revision, read, follow.
 * `connect.ts` implements it on a server; the simulator implements it in memory.
 */

/** What an append expects the stream to look like: no stream yet, or exactly this last revision. */
export type ExpectedRevision = bigint | 'no_stream';

/** An event before it is in the log. `id` is deterministic (UUIDv5), so a repeated append is recognised. */
export interface EventToAppend {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
  readonly metadata: unknown;
}

/** An event as the log holds it. */
export interface RecordedEvent {
  readonly id: string;
  readonly type: string;
  readonly stream: string;
  /** Place in its own stream, from 0. */
  readonly revision: bigint;
  /** Commit position in the whole log; sparse, strictly increasing. EventStoreDB's prepare position equals it. */
  readonly position: bigint;
  /** When the store recorded it. */
  readonly created: Date;
  readonly data: unknown;
  readonly metadata: unknown;
}

/** The answer to an append. */
export interface Appended {
  /** Revision of the last event written. */
  readonly revision: bigint;
  /** Commit position of the append. */
  readonly position: bigint;
}

/** Which events of `$all` a follower wants. Prefixes only: .NET and JavaScript regular expressions differ. */
export type AllFilter =
  { readonly streamPrefixes: readonly string[] } | { readonly eventTypePrefixes: readonly string[] };

export interface FollowOptions {
  /** Go on after this position; `'start'` is the beginning of the log. Read again at every resubscription. */
  readonly after: () => bigint | 'start' | Promise<bigint | 'start'>;
  readonly filter: AllFilter;
  /**
   * Called for one event after the other; the next is not delivered until this resolves. The same object may be given to
   * other followers of this process, so nobody changes it.
   *
   * @param bytes size of the event as the server sent it, where that is known
   */
  readonly onEvent: (event: RecordedEvent, bytes?: number) => void | Promise<void>;
  /** Nothing that passes the filter lies between the last event and `position`. */
  readonly onCheckpoint?: (position: bigint) => void | Promise<void>;
  /** The follower has reached the live end of the log (again, after each time it fell behind). */
  readonly onCaughtUp?: () => void | Promise<void>;
  /**
   * The subscription broke; it comes back by itself with backoff, from `after()`. CheckpointNotInLog says that `after()`
   * is no position of this log, which only another `after()` can change. An end that is ordinary (the server's buffer
   * was full under load) is not told: the subscription is taken up at once.
   */
  readonly onInterrupted?: (cause: Error) => void;
}

export interface Following {
  /** Ends the subscription; resolves when no callback is running any more. */
  stop(): Promise<void>;
}

export interface EventLog {
  /**
   * Appends all events or none.
   * @throws StreamMovedOn when the stream is not at `expected`
   * @throws LogUnavailable when the store cannot be reached in time; the outcome is then unknown, and the same
   *   call with the same event ids may be repeated
   */
  readonly append: (
    stream: string,
    events: readonly EventToAppend[],
    expected: ExpectedRevision,
  ) => Promise<Appended>;
  /** The stream's events in order from `fromRevision` (default 0); empty when the stream does not exist. */
  readonly readStream: (stream: string, fromRevision?: bigint) => AsyncIterable<RecordedEvent>;
  /** The last event of a stream, or null. */
  readonly readLast: (stream: string) => Promise<RecordedEvent | null>;
  /**
   * `$all` in order, after `after`, at most `maxCount` events.
   * @throws CheckpointNotInLog when the store says that `after` is no position of this log, LogUnavailable
   */
  readonly readAll: (
    after: bigint | 'start',
    filter: AllFilter,
    maxCount?: number,
  ) => AsyncIterable<RecordedEvent>;
  /** The event at exactly this position, or null: the log has none there. */
  readonly eventAt: (position: bigint) => Promise<RecordedEvent | null>;
  /** Position of the last event in the log, 0n when it is empty. */
  readonly head: () => Promise<bigint>;
  readonly follow: (options: FollowOptions) => Following;
  /** Bounds a stream by age (`$maxAge`, whole seconds). */
  readonly setMaxAge: (stream: string, maxAgeSec: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** What a projection may hold: it can read and follow, and has nothing to cause a side effect with (promise 10). */
export type LogReader = Pick<EventLog, 'readStream' | 'readLast' | 'readAll' | 'eventAt' | 'head' | 'follow'>;

/** The reading half of a log as an object of its own, without the means to append. */
export function readerOf(log: EventLog): LogReader {
  const { readStream, readLast, readAll, eventAt, head, follow } = log;
  return { readStream, readLast, readAll, eventAt, head, follow };
}
