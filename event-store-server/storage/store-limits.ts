/** Every limit of the embedded event store, with its default. `startEmbeddedEventStore` takes other values. */
export interface StoreLimits {
  /** A segment file past this size is closed. With smaller files, the store reads less again after a crash. */
  readonly segmentBytes: number;
  /** Largest append (the content of its events together); EventStoreDB's default is 1 MiB. */
  readonly maxAppendBytes: number;
  /** Largest message a client may send; the client itself uses 17 MiB. */
  readonly maxMessageBytes: number;
  /** Longest stream name, in bytes. */
  readonly maxStreamNameBytes: number;
  /** Longest event type, in bytes. */
  readonly maxEventTypeBytes: number;
  /** Most bytes that are written and synced together. */
  readonly maxGroupBytes: number;
  /** Most appends that may wait for the disk, over all connections. The store refuses further appends. */
  readonly maxWaitingAppends: number;
  /** Most bytes that may wait for the disk, over all connections. */
  readonly maxWaitingBytes: number;
  /** Most appends of one batch stream that may be in flight. With more, the store stops reading the stream. */
  readonly maxInFlightPerBatchStream: number;
  /** After this time the store answers an append with `Timeout`. EventStoreDB's write timeout is 2 s. */
  readonly appendTimeoutMs: number;
  /** Most reads, subscriptions and batch streams that may be open at the same time. */
  readonly maxOpenStreams: number;
  /**
   * Number of event ids that the store remembers. By them it recognises a repeated append that expects any revision.
   */
  readonly rememberedEventIds: number;
  /** Time of a start for checking stored bytes. The store checks the remaining bytes while it runs. */
  readonly verifyAtStartMs: number;
  /**
   * Time between the end of one scavenge and the start of the next, by the clock; a restart does not reset it. 0
   * means never.
   */
  readonly scavengeEveryMs: number;
  /** Number of files of closed segments that stay open for reading. */
  readonly maxOpenSegmentFiles: number;
  /** At shutdown the store ends streams and writes the last index file within this time. */
  readonly shutdownMs: number;
}

const KiB = 1024;
const MiB = 1024 * KiB;

export const DEFAULT_LIMITS: StoreLimits = {
  segmentBytes: 32 * MiB,
  maxAppendBytes: MiB,
  maxMessageBytes: 17 * MiB,
  maxStreamNameBytes: 4 * KiB,
  maxEventTypeBytes: 4 * KiB,
  maxGroupBytes: 8 * MiB,
  maxWaitingAppends: 65_536,
  maxWaitingBytes: 64 * MiB,
  maxInFlightPerBatchStream: 4096,
  appendTimeoutMs: 2000,
  maxOpenStreams: 20_000,
  rememberedEventIds: 65_536,
  verifyAtStartMs: 500,
  scavengeEveryMs: 24 * 3_600_000,
  maxOpenSegmentFiles: 64,
  shutdownMs: 1500,
};
