import { CodedError } from '../schemas/coded-error.ts';

/** The archive is not what was written: a part is missing, changed, twice there or in another order. */
export class ArchiveDamaged extends CodedError {
  readonly code = 'ARCHIVE_DAMAGED';
  readonly retryable = false;
  /** The file, and the line in it where one can be named. */
  readonly where: string;

  constructor(where: string, why: string, options?: ErrorOptions) {
    super(`The archive is damaged: ${where}: ${why}.`, options);
    this.where = where;
  }
}

/** The log and the archive are not of one history: continuing would mix two. */
export class HistoriesDiffer extends CodedError {
  readonly code = 'HISTORIES_DIFFER';
  readonly retryable = false;

  constructor(why: string, options?: ErrorOptions) {
    super(`The log and the archive do not belong together: ${why}.`, options);
  }
}
