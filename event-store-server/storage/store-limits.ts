/** Every bound of the embedded event store, with its default. All can be given to `startEmbeddedEventStore`. */
export interface StoreLimits {
  /** A segment file is closed when it is past this size. Smaller files mean less to read again after a crash. */
  readonly segmentBytes: number;
  /** Largest append (the content of its events together); EventStoreDB's default is 1 MiB. */
  readonly maxAppendBytes: number;
  /** Largest message a client may send; the client itself uses 17 MiB. */
  readonly maxMessageBytes: number;
  /** Longest stream name. */
  readonly maxStreamNameBytes: number;
  /** Longest event type. */
  readonly maxEventTypeBytes: number;
  /** Most bytes written and synced together. */
  readonly maxGroupBytes: number;
  /** Appends that may wait for the disk, over all connections; one more is refused. */
  readonly maxWaitingAppends: number;
  /** Bytes that may wait for the disk, over all connections. */
  readonly maxWaitingBytes: number;
  /** Appends one batch stream may have in flight before it is read no further. */
  readonly maxInFlightPerBatchStream: number;
  /** An append not answered by now is answered `Timeout`; EventStoreDB's write timeout is 2 s. */
  readonly appendTimeoutMs: number;
  /** Reads, subscriptions and batch streams open at once. */
  readonly maxOpenStreams: number;
  /** Event ids remembered to recognise a repeated append that expects any revision. */
  readonly rememberedEventIds: number;
  /** Time at start spent on checking stored bytes; what is left is checked while the store runs. */
  readonly verifyAtStartMs: number;
  /** From the end of one scavenge to the start of the next, by the clock and over restarts; 0 is never. */
  readonly scavengeEveryMs: number;
  /** Files of closed segments kept open for reading. */
  readonly maxOpenSegmentFiles: number;
  /** Streams end and the last index file is written within this time at shutdown. */
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
