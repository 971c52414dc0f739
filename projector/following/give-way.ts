/**
 * How long a change of views or tables waits for a reader, milliseconds. Well below the second after which Postgres
 * looks for deadlocks (`deadlock_timeout`), so that the change gives way and tries again, and never a reader.
 */
const LOCK_TIMEOUT_MS = 250;

/** The statement that a transaction begins with which puts tables in the place of others under live readers. */
export const GIVE_WAY_TO_READERS = `set local lock_timeout = '${LOCK_TIMEOUT_MS}ms'`;
