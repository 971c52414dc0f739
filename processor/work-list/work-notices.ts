import type { ReadStore } from '../../read-store/pool.ts';
import type { Log } from '../../runtime/log/log.ts';
import { backoffDelayMs } from '../../schemas/backoff.ts';

const CHANNEL = 'docket_work';
/**
 * Least time between two NOTIFY. They are sent outside transactions, because a NOTIFY inside a transaction serialises
 * the commits.
 */
const NOTIFY_EVERY_MS = 50;
const LISTEN_BACKOFF = { firstMs: 1_000, maxMs: 5_000 };

/** Tells other processors that jobs came to the list. It is only a hint, because regular polls find the jobs too. */
export interface WorkNotices {
  /** True when a notice has arrived over the current connection. Some connection poolers pass no notices on. */
  noticesArrive(): boolean;
  /** Sends at once, or as soon as enough time has passed since the last notice. */
  send(): void;
  close(): Promise<void>;
}

/**
 * Sends a notice whenever the channel begins to listen, which shows whether notices arrive.
 *
 * @param onNotice called when a processor, maybe this one, says that jobs entered the list
 */
export function openWorkNotices(store: ReadStore, onNotice: () => void, logger: Log): WorkNotices {
  let release = (): void => undefined;
  let closed = false;
  let isHeard = false;
  let failures = 0;
  let sentAtMs = -Infinity;
  let sendTimer: NodeJS.Timeout | undefined;
  let listenTimer: NodeJS.Timeout | undefined;

  const notify = (): void => {
    sentAtMs = performance.now();
    store
      .query(`notify ${CHANNEL}`)
      .catch((error: unknown) => logger.debug({ err: error }, 'a notice was not sent; the poll goes on'));
  };
  const listen = async (): Promise<void> => {
    const client = await store.pool.connect();
    let released = false;
    const give = (error: unknown): void => {
      if (released) return;
      released = true;
      isHeard = false;
      client.release(true);
      again(error);
    };
    client.on('error', give);
    client.on('notification', () => {
      isHeard = true;
      onNotice();
    });
    release = () => give(new Error('The channel was closed.'));
    if (closed) return release();
    await client.query(`listen ${CHANNEL}`).then(() => {
      failures = 0;
      notify();
    }, give);
  };
  const again = (error: unknown): void => {
    if (closed) return;
    logger.debug({ err: error }, 'the processor does not receive notices; it still polls');
    clearTimeout(listenTimer);
    failures += 1;
    const waitMs = backoffDelayMs(LISTEN_BACKOFF, failures, Math.random());
    listenTimer = setTimeout(() => void listen().catch(again), waitMs);
  };
  void listen().catch(again);

  return {
    noticesArrive: () => isHeard,
    send: () => {
      if (closed || sendTimer !== undefined) return;
      const dueInMs = sentAtMs + NOTIFY_EVERY_MS - performance.now();
      if (dueInMs <= 0) return notify();
      sendTimer = setTimeout(() => {
        sendTimer = undefined;
        notify();
      }, dueInMs);
    },
    close: () => {
      closed = true;
      clearTimeout(sendTimer);
      clearTimeout(listenTimer);
      release();
      return Promise.resolve();
    },
  };
}
