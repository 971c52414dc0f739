/** The base of Docket's errors: a code for programs, a sentence for people, and whether to try again. Named after its class. */
export abstract class CodedError extends Error {
  /** In capitals with underscores; told apart by it, never by the message. */
  abstract readonly code: string;
  /** True when the same call may succeed later without any change to it. */
  abstract readonly retryable: boolean;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The code of one of our errors, or of the system's (`ENOSPC`); undefined where there is none. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** Whether the error says of itself that the same call may succeed later. */
export function isRetryable(error: unknown): boolean {
  return (error as { retryable?: unknown } | null | undefined)?.retryable === true;
}
