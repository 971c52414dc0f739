import { CodedError } from '../schemas/coded-error.ts';

/** A failure that the user can fix. Docket prints the sentence of the failure without a stack. */
export class PlainFailure extends CodedError {
  readonly code: string;
  readonly retryable = false;
  readonly exitCode: number;

  constructor(code: string, message: string, options: ErrorOptions & { exitCode?: number } = {}) {
    super(message, options);
    this.code = code;
    this.exitCode = options.exitCode ?? 1;
  }
}
