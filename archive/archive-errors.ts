import { CodedError } from '../schemas/errors/coded-error.ts';

/** The archive is damaged: a part is missing, changed, duplicated or in another order. */
export class ArchiveDamaged extends CodedError {
  readonly code = 'ARCHIVE_DAMAGED';
  /** The file, and its line if it is known. */
  readonly where: string;

  constructor(where: string, why: string, options?: ErrorOptions) {
    super(`The archive is damaged: ${where}: ${why}.`, options);
    this.where = where;
  }
}

/** The log and the archive have different histories, and a continued run would mix the two histories. */
export class HistoriesDiffer extends CodedError {
  readonly code = 'HISTORIES_DIFFER';

  constructor(why: string, options?: ErrorOptions) {
    super(`The log and the archive do not belong together: ${why}.`, options);
  }
}
