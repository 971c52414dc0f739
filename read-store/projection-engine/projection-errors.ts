import { CodedError, codeOf } from '../../schemas/errors/coded-error.ts';

/** Another writer has moved the checkpoint or holds the lease, so the batch was not written. */
export class CheckpointMoved extends CodedError {
  readonly code = 'CHECKPOINT_MOVED';
  override readonly retryable = true;

  constructor(ledger: string, version: number) {
    super(`The checkpoint of projection ${ledger}, version ${version}, was moved by another writer.`);
  }
}

/** Postgres refused rows of some streams. They are in quarantine now, and the writer must be opened again. */
export class RowsRefused extends CodedError {
  readonly code = 'ROWS_REFUSED';
  override readonly retryable = true;
  readonly streams: readonly string[];

  constructor(streams: readonly string[]) {
    super(`Postgres refused rows of ${streams.length} streams; they are in quarantine.`);
    this.streams = streams;
  }
}

/**
 * True for SQLSTATE classes 22, 23 and 54, such as a value too large for an index. Postgres will refuse these values in
 * every retry.
 */
export function areValuesRefused(error: unknown): boolean {
  return /^(22|23|54)/.test(codeOf(error) ?? '');
}
