/**
 * The interface to the log for all other code: append with an exact expected revision, read, follow. `connect.ts`
 * implements it with a server, the simulator in memory.
 */

/** The state of the stream that an append expects: no stream yet, or exactly this last revision. */
export type ExpectedRevision = bigint | 'no_stream';

/** An event before the append. Its `id` is deterministic (UUIDv5), so the store recognises a repeated append. */
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
  /** The number of the event in its own stream, counted from 0. */
  readonly revision: bigint;
  /** Commit position in the whole log; strictly increasing, with gaps. EventStoreDB's prepare position equals it. */
  readonly position: bigint;
  /** The time at which the store recorded it. */
  readonly created: Date;
  readonly data: unknown;
  readonly metadata: unknown;
}

/** The result of an append. */
export interface Appended {
  /** Revision of the last event written. */
  readonly revision: bigint;
  /** Commit position of the append. */
  readonly position: bigint;
}

/**
 * The filter that selects the events of `$all` for a follower. It has only prefixes, because regular expressions
 * differ between .NET and JavaScript.
 */
export type AllFilter =
  { readonly streamPrefixes: readonly string[] } | { readonly eventTypePrefixes: readonly string[] };

export interface FollowOptions {
  /**
   * Returns the position after which to continue; `'start'` is the beginning of the log. Called at every new
   * subscription.
   */
  readonly after: () => bigint | 'start' | Promise<bigint | 'start'>;
  readonly filter: AllFilter;
  /**
   * Called for one event after the other: the next event waits until this call resolves. Other followers of the
   * process may get the same object, so nobody may change it.
   *
   * @param bytes size of the event as the server sent it, if it is known
   */
  readonly onEvent: (event: RecordedEvent, bytes?: number) => void | Promise<void>;
  /** Called when no event that passes the filter lies between the last event and `position`. */
  readonly onCheckpoint?: (position: bigint) => void | Promise<void>;
  /** Called when the follower reaches the live end of the log, and again each time after it was behind. */
  readonly onCaughtUp?: () => void | Promise<void>;
  /**
   * Called when the subscription breaks. The follower subscribes again at `after()`, with backoff. CheckpointNotInLog
   * says that `after()` is no position of this log, so only another `after()` helps. An ordinary end, when load fills
   * the server's buffer, is not reported: the follower subscribes again at once.
   */
  readonly onInterrupted?: (cause: Error) => void;
}

export interface Following {
  /** Ends the subscription. Resolves when no callback is running any more. */
  stop(): Promise<void>;
}

export interface EventLog {
  /**
   * Appends all events or none.
   * @throws StreamMovedOn when the stream is not at `expected`
   * @throws LogUnavailable when the store does not answer in time. The outcome is then unknown, and the caller may
   *   repeat the call with the same event ids
   */
  readonly append: (
    stream: string,
    events: readonly EventToAppend[],
    expected: ExpectedRevision,
  ) => Promise<Appended>;
  /** Reads the events of a stream in order, from `fromRevision` (default 0); empty when the stream does not exist. */
  readonly readStream: (stream: string, fromRevision?: bigint) => AsyncIterable<RecordedEvent>;
  /** Reads the last event of a stream, or null. */
  readonly readLast: (stream: string) => Promise<RecordedEvent | null>;
  /**
   * Reads `$all` in order, after `after`, at most `maxCount` events.
   * @throws CheckpointNotInLog when the store says that `after` is no position of this log, LogUnavailable
   */
  readonly readAll: (
    after: bigint | 'start',
    filter: AllFilter,
    maxCount?: number,
  ) => AsyncIterable<RecordedEvent>;
  /** Reads the event at exactly this position; null when the log has none there. */
  readonly eventAt: (position: bigint) => Promise<RecordedEvent | null>;
  /** Position of the last event in the log, 0n for an empty log. */
  readonly head: () => Promise<bigint>;
  readonly follow: (options: FollowOptions) => Following;
  /** Limits a stream by age (`$maxAge`, whole seconds). */
  readonly setMaxAge: (stream: string, maxAgeSec: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The reading half of the log, for projections. It offers no method with a side effect (promise 10). */
export type LogReader = Pick<EventLog, 'readStream' | 'readLast' | 'readAll' | 'eventAt' | 'head' | 'follow'>;

/** Returns the reading half of a log as a separate object, without the means to append. */
export function readerOf(log: EventLog): LogReader {
  const { readStream, readLast, readAll, eventAt, head, follow } = log;
  return { readStream, readLast, readAll, eventAt, head, follow };
}
