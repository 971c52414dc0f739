import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { readStoreError } from './read-store-errors.ts';

/**
 * The interval at which statements are cancelled. One call is not enough, because the work may start another
 * statement before it notices the end.
 */
const AGAIN_AFTER_MS = 200;
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Runs work with statements that may take minutes, and cancels them on the server when the signal aborts. Otherwise a
 * statement runs to its end, even if nobody waits for it.
 * @param applicationName the name of the connections that this work uses; no other connection may have the name
 * @throws the signal's reason once it is aborted, otherwise the errors of the work
 */
export async function cancelling<Result>(
  options: { readonly url: string; readonly applicationName: string; readonly stop: AbortSignal },
  work: () => Promise<Result>,
): Promise<Result> {
  const { stop } = options;
  stop.throwIfAborted();
  const done = new AbortController();
  let cancelled: Promise<void> = Promise.resolve();
  const cancel = (): void => {
    // If cancelling fails, the statements run to their ends.
    cancelled = cancelUntil(options, done.signal).catch(() => undefined);
  };
  stop.addEventListener('abort', cancel, { once: true });
  try {
    return await work();
  } catch (error) {
    stop.throwIfAborted();
    throw error;
  } finally {
    stop.removeEventListener('abort', cancel);
    done.abort();
    await cancelled;
  }
}

async function cancelUntil(
  { url, applicationName }: { readonly url: string; readonly applicationName: string },
  done: AbortSignal,
): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    while (!done.aborted) {
      await client.query(
        `select pg_cancel_backend(pid) from pg_stat_activity where application_name = $1 and state = 'active'`,
        [applicationName],
      );
      await sleep(AGAIN_AFTER_MS, undefined, { signal: done }).catch(() => undefined);
    }
  } catch (error) {
    throw readStoreError(error);
  } finally {
    await client.end();
  }
}
