/**
 * The base of Docket's errors: a code for programs, a sentence for people, and whether to try again. The error's name
 * is the name of its class.
 */
export abstract class CodedError extends Error {
  /** A code in capitals with underscores. Programs compare the code, never the message. */
  abstract readonly code: string;
  /** True when the same call may succeed later without any change to it. */
  readonly retryable: boolean = false;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The code of a Docket error or of a system error (`ENOSPC`); undefined when there is none. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** For `catch` of reading a file: null when the file is missing, else throws the error again. */
export function nullIfMissing(error: unknown): null {
  if (codeOf(error) === 'ENOENT') return null;
  throw error;
}

/** True when the error says that the same call may succeed later. */
export function isRetryable(error: unknown): boolean {
  return (error as { retryable?: unknown } | null | undefined)?.retryable === true;
}
