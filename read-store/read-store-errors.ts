import { CodedError } from '../schemas/errors/coded-error.ts';

/** Postgres cannot be reached, does not answer in time, or accepts no work now. A later retry may succeed. */
export class ReadStoreUnavailable extends CodedError {
  readonly code = 'READ_STORE_UNAVAILABLE';
  override readonly retryable = true;
  /** True when waiting does not help: somebody has to change a setting, a right or a certificate. */
  readonly final: boolean;
  /** The reason alone, without a full stop. */
  readonly why: string;

  constructor(why: string, options: ErrorOptions & { final?: boolean } = {}) {
    super(`The read store is not available: ${why}.`, options);
    this.why = why;
    this.final = options.final ?? false;
  }
}

/** SQLSTATEs and classes (PostgreSQL documentation, appendix A) that mean "not now" for any query. */
const UNAVAILABLE_SQLSTATES = [
  /^08/, // connection exception
  /^53/, // insufficient resources: disk full, too many connections
  /^57P/, // shutting down, starting up, dropped database
  /^58/, // system error, such as a failed write
  /^57014$/, // cancelled by a timeout of the server
  /^25006$/, // a replica that takes no writes
  /^55P03$/, // a lock was not free in time
  /^(42P01|3F000)$/, // a table or schema that the first start of a projector or processor has not made yet
  /^40/, // serialisation failure or deadlock: the transaction was undone
  /^XX/, // an error inside the server, such as a damaged page
];

/** SQLSTATEs of faults that last until somebody changes a setting or a right. */
const FINAL_SQLSTATES = [
  /^28/, // the password or the role is refused
  /^3D000$/, // there is no such database
  /^42501$/, // the role lacks a right
];

/** Node's codes for a certificate that is untrusted, expired or made for another name. */
const CERTIFICATE_CODES = /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED|UNABLE_TO_(VERIFY|GET))/;
/** Messages of errors without a code that last until somebody changes a setting or a right. */
const FINAL_MESSAGES =
  /client password must be a string|server does not support SSL connections|^Invalid URL$/;

const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/**
 * Codes for a connection by a socket file when the server is away, or when too many clients connect at the same time.
 */
const SOCKET_CODES = new Set(['ENOENT', 'EAGAIN']);

/** Messages of `pg` errors without a code, for a lost connection or an exceeded time limit. */
const CLIENT_MESSAGES =
  /Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client (was closed|has encountered a connection error)|Cannot use a pool after/;

/** Turns an error of `pg` into `ReadStoreUnavailable`; returns other errors unchanged. */
export function readStoreError(thrown: unknown): Error {
  // When a name has several IP addresses, the error contains one error for each address.
  const error = (thrown instanceof AggregateError ? thrown.errors[0] : thrown) as NodeJS.ErrnoException;
  if (error instanceof ReadStoreUnavailable) return error;
  const { code = '', message = '' } = error;
  const isConnecting = error.syscall === 'connect';
  const final =
    (isConnecting && code === 'EACCES') ||
    FINAL_SQLSTATES.some((pattern) => pattern.test(code)) ||
    CERTIFICATE_CODES.test(code) ||
    FINAL_MESSAGES.test(message);
  const passing =
    NETWORK_CODES.has(code) ||
    (isConnecting && SOCKET_CODES.has(code)) ||
    UNAVAILABLE_SQLSTATES.some((pattern) => pattern.test(code)) ||
    (code === '' && CLIENT_MESSAGES.test(message));
  if (!final && !passing) return error;
  return new ReadStoreUnavailable(inWords(code, message).replace(/\.$/, ''), { cause: error, final });
}

/** The reason in words: the driver's message, unless that is only a code or unclear. */
function inWords(code: string, message: string): string {
  const address = /^connect \w+ (\/.*)$/.exec(message)?.[1] ?? /(\S+)$/.exec(message)?.[1] ?? '';
  if (code === 'ECONNREFUSED' || code === 'ENOENT') return `nobody listens at ${address}`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `the host name ${address} is not known`;
  if (CERTIFICATE_CODES.test(code)) return `its certificate is not trusted (${message})`;
  if (/client password must be a string/.test(message)) return 'it requires a password and none is given';
  return message;
}

/**
 * True when Postgres rolled a transaction back because a lock was not free in time (55P03), or because of a deadlock
 * (40P01).
 */
export function isLockConflict(error: unknown): boolean {
  const cause =
    error instanceof ReadStoreUnavailable ? (error.cause as { code?: string } | undefined) : undefined;
  return cause?.code === '55P03' || cause?.code === '40P01';
}
