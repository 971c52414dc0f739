import { CodedError } from '../../schemas/errors/coded-error.ts';
import { API_ERRORS, type ApiErrorCode } from '../../schemas/errors/error-codes.ts';

/** An error answer: one code of the list in `error-codes.ts`, and one sentence for a person. */
export class ApiError extends CodedError {
  readonly code: ApiErrorCode;
  override readonly retryable: boolean;
  readonly jobId: string | undefined;
  /** Seconds for a `Retry-After` header; undefined for none. */
  readonly retryAfterSec: number | undefined;

  constructor(
    code: ApiErrorCode,
    message: string = API_ERRORS[code].sentence,
    options: ErrorOptions & { jobId?: string; retryAfterSec?: number } = {},
  ) {
    super(message, options);
    this.code = code;
    this.jobId = options.jobId;
    this.retryable = code === 'UNAVAILABLE' || code === 'RATE_LIMITED';
    this.retryAfterSec = options.retryAfterSec ?? (this.retryable ? 2 : undefined);
  }

  /** HTTP status of the code (RFC 9110). */
  get status(): number {
    return API_ERRORS[this.code].status;
  }
}
