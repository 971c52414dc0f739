/** Postgres cannot be reached, does not answer in time, or takes no work right now. Trying again later may work. */
export class ReadStoreUnavailable extends Error {
  readonly code = 'READ_STORE_UNAVAILABLE';
  readonly retryable = true;

  constructor(why: string, options?: ErrorOptions) {
    super(`The read store is not available: ${why}.`, options);
    this.name = 'ReadStoreUnavailable';
  }
}

/** SQLSTATEs and classes (PostgreSQL documentation, appendix A) that say "not now" and nothing about the query. */
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
];

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

/** What `pg` throws without a code when a connection is lost or a limit of time is over. */
const CLIENT_MESSAGES =
  /Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client (was closed|has encountered a connection error)|Cannot use a pool after/;

/** An error of `pg` as the rest of Docket knows it: `ReadStoreUnavailable`, or the error itself. */
export function readStoreError(thrown: unknown): Error {
  // An address with several IPs fails with one error for each.
  const error = (thrown instanceof AggregateError ? thrown.errors[0] : thrown) as NodeJS.ErrnoException;
  if (error instanceof ReadStoreUnavailable) return error;
  const { code = '', message = '' } = error;
  const passing =
    NETWORK_CODES.has(code) ||
    UNAVAILABLE_SQLSTATES.some((pattern) => pattern.test(code)) ||
    (code === '' && CLIENT_MESSAGES.test(message));
  return passing ? new ReadStoreUnavailable(message.replace(/\.$/, ''), { cause: error }) : error;
}

/** Whether a transaction was undone because a lock was not free in time (55P03), or by a deadlock (40P01). */
export function isLockConflict(error: unknown): boolean {
  const cause =
    error instanceof ReadStoreUnavailable ? (error.cause as { code?: string } | undefined) : undefined;
  return cause?.code === '55P03' || cause?.code === '40P01';
}
