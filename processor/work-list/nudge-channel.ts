import type { ReadStore } from '../../read-store/pool.ts';
import type { Log } from '../../runtime/log.ts';
import { backoffDelayMs } from '../../schemas/backoff.ts';

const CHANNEL = 'docket_work';
/**
 * Least time between two NOTIFY. They are sent outside transactions, because inside they would serialise the commits.
 */
const NOTIFY_EVERY_MS = 50;
const LISTEN_BACKOFF = { firstMs: 1_000, maxMs: 5_000 };

/** Tells other processors that the list offers jobs. It is only a hint, because regular polls find the jobs too. */
export interface NudgeChannel {
  /** Sends at once, or as soon as enough time has passed since the last one. */
  send(): void;
  close(): Promise<void>;
}

/** @param onNudge called when another processor says that jobs entered the list */
export function openNudgeChannel(store: ReadStore, onNudge: () => void, logger: Log): NudgeChannel {
  let release = (): void => undefined;
  let closed = false;
  let failures = 0;
  let sentAtMs = -Infinity;
  let sendTimer: NodeJS.Timeout | undefined;
  let listenTimer: NodeJS.Timeout | undefined;

  const listen = async (): Promise<void> => {
    const client = await store.pool.connect();
    let released = false;
    const give = (error: unknown): void => {
      if (released) return;
      released = true;
      client.release(true);
      again(error);
    };
    client.on('error', give);
    client.on('notification', onNudge);
    release = () => give(new Error('The channel was closed.'));
    if (closed) return release();
    await client.query(`listen ${CHANNEL}`).then(() => (failures = 0), give);
  };
  const again = (error: unknown): void => {
    if (closed) return;
    logger.debug({ err: error }, 'the processor does not receive nudges; it still polls');
    clearTimeout(listenTimer);
    failures += 1;
    const waitMs = backoffDelayMs(LISTEN_BACKOFF, failures, Math.random());
    listenTimer = setTimeout(() => void listen().catch(again), waitMs);
  };
  void listen().catch(again);

  const notify = (): void => {
    sentAtMs = performance.now();
    store
      .query(`notify ${CHANNEL}`)
      .catch((error: unknown) =>
        logger.debug({ err: error }, 'a nudge was not sent; the other processors still poll'),
      );
  };
  return {
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
