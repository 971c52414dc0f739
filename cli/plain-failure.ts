import { CodedError } from '../schemas/errors/coded-error.ts';

/** A failure that the user can fix. Docket prints the sentence of the failure without a stack. */
export class PlainFailure extends CodedError {
  readonly code: string;
  readonly exitCode: number;

  constructor(code: string, message: string, options: ErrorOptions & { exitCode?: number } = {}) {
    super(message, options);
    this.code = code;
    this.exitCode = options.exitCode ?? 1;
  }
}

/** A command line that Docket does not understand; the sentence says what to write. */
export function usage(sentence: string): PlainFailure {
  return new PlainFailure('USAGE', sentence, { exitCode: 2 });
}
