import { CodedError } from '../schemas/errors/coded-error.ts';
import type { StoreFault } from './store-faults.ts';

/** The stream is not at the revision that the append expected. The caller loads the stream again and decides again. */
export class StreamMovedOn extends CodedError {
  readonly code = 'STREAM_MOVED_ON';
  override readonly retryable = true;
  readonly stream: string;
  /** The last revision of the stream as the store reported it. Null when the stream does not exist. */
  readonly actual: bigint | null;

  constructor(stream: string, actual: bigint | null, options?: ErrorOptions) {
    super(
      `Stream ${stream} is at ${actual === null ? 'no revision' : `revision ${actual.toString()}`}, not where the append expected it.`,
      options,
    );
    this.stream = stream;
    this.actual = actual;
  }
}

/**
 * The event store cannot be used now: it does not answer in time, or refuses this user. The outcome of an append is
 * unknown, unless the fault says that the store refused it.
 */
export class LogUnavailable extends CodedError {
  readonly code = 'LOG_UNAVAILABLE';
  override readonly retryable = true;
  /** The named fault, if the store or the network reported one. Null when no answer came. */
  readonly fault: StoreFault | null;

  constructor(doing: string, options?: ErrorOptions & { fault?: StoreFault | null }) {
    const fault = options?.fault ?? null;
    super(
      fault === null
        ? `The event store did not answer while ${doing}.`
        : `The event store failed while ${doing}: ${fault.why}`,
      options,
    );
    this.fault = fault;
  }
}

/** A probe found that the event store would not serve an upload and its conversion now. */
export class StoreUnusable extends CodedError {
  readonly code: StoreFault['code'];
  override readonly retryable: boolean;
  readonly fault: StoreFault;
  /** True when waiting cannot help, because somebody must change a setting, a user or a right. */
  readonly final: boolean;

  constructor(fault: StoreFault, options?: ErrorOptions) {
    super(fault.why, options);
    this.fault = fault;
    this.code = fault.code;
    this.final = fault.final;
    this.retryable = !fault.final;
  }
}

/** The store will never accept this append: it is malformed or too large, or the stream was deleted for ever. */
export class AppendRefused extends CodedError {
  readonly code = 'APPEND_REFUSED';

  constructor(stream: string, why: string, options?: ErrorOptions) {
    super(`The event store refuses to append to ${stream}: ${why}.`, options);
  }
}

/** The log has no event at the position to continue from, so the checkpoint belongs to another log. */
export class CheckpointNotInLog extends CodedError {
  readonly code = 'CHECKPOINT_NOT_IN_LOG';
  readonly position: bigint;

  constructor(position: bigint, options?: ErrorOptions) {
    super(
      `The log has no event at position ${position.toString()}: the checkpoint belongs to another log, or to a newer copy of this one.`,
      options,
    );
    this.position = position;
  }
}
