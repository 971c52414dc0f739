/**
 * Longest time in ms that a change of views or tables waits for a reader. It is below one second, after which
 * Postgres looks for deadlocks (`deadlock_timeout`). After this time the change gives up and retries, so no reader
 * fails.
 */
const LOCK_TIMEOUT_MS = 250;

/** The first statement of a transaction that replaces tables which readers use. */
export const SHORT_LOCK_TIMEOUT = `set local lock_timeout = '${LOCK_TIMEOUT_MS}ms'`;
