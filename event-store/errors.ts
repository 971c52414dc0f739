/** The stream is not at the revision the append expected: reload, decide again. */
export class StreamMovedOn extends Error {
  readonly code = 'STREAM_MOVED_ON';
  readonly retryable = true;
  readonly stream: string;
  /** The stream's last revision as the store reported it, or null when the stream does not exist. */
  readonly actual: bigint | null;

  constructor(stream: string, actual: bigint | null, options?: ErrorOptions) {
    super(
      `Stream ${stream} is at ${actual === null ? 'no revision' : `revision ${actual.toString()}`}, not where the append expected it.`,
      options,
    );
    this.name = 'StreamMovedOn';
    this.stream = stream;
    this.actual = actual;
  }
}

/** The event store did not answer in time or cannot be reached. The outcome of an append is unknown. */
export class LogUnavailable extends Error {
  readonly code = 'LOG_UNAVAILABLE';
  readonly retryable = true;

  constructor(doing: string, options?: ErrorOptions) {
    super(`The event store did not answer while ${doing}.`, options);
    this.name = 'LogUnavailable';
  }
}

/** The store will never take this append: too large, the stream is gone for good, or access is denied. */
export class AppendRefused extends Error {
  readonly code = 'APPEND_REFUSED';
  readonly retryable = false;

  constructor(stream: string, why: string, options?: ErrorOptions) {
    super(`The event store refuses to append to ${stream}: ${why}.`, options);
    this.name = 'AppendRefused';
  }
}
