/**
 * How long a change of views or tables waits for a reader, in ms. It is well below the second after which Postgres
 * looks for deadlocks (`deadlock_timeout`). So the change gives up and tries again, and no reader fails.
 */
const LOCK_TIMEOUT_MS = 250;

/** The statement that a transaction begins with which puts tables in the place of others under live readers. */
export const GIVE_WAY_TO_READERS = `set local lock_timeout = '${LOCK_TIMEOUT_MS}ms'`;
