import { CodedError, codeOf } from '../../schemas/coded-error.ts';

/** Another writer has moved the checkpoint or holds the lease: what was about to be written is not written. */
export class CheckpointMoved extends CodedError {
  readonly code = 'CHECKPOINT_MOVED';
  readonly retryable = true;

  constructor(ledger: string, version: number) {
    super(`The checkpoint of projection ${ledger}, version ${version}, was moved by another writer.`);
  }
}

/** Postgres refused rows of some streams; they are in quarantine now and the writer has to be opened again. */
export class RowsRefused extends CodedError {
  readonly code = 'ROWS_REFUSED';
  readonly retryable = true;
  readonly streams: readonly string[];

  constructor(streams: readonly string[]) {
    super(`Postgres refused rows of ${streams.length} streams; they are in quarantine.`);
    this.streams = streams;
  }
}

/**
 * SQLSTATE classes 22, 23 and 54 (such as a value too large for an index): Postgres will never take these values, however
 * often they are offered.
 */
export function areValuesRefused(error: unknown): boolean {
  return /^(22|23|54)/.test(codeOf(error) ?? '');
}
