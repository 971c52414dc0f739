import pg from 'pg';
import type { Log } from '../../runtime/log/log.ts';
import { outageLog } from '../../runtime/log/outage-log.ts';
import { backoffDelayMs } from '../../schemas/backoff.ts';

const CHANNEL = 'docket_position';
const RECONNECT_BACKOFF = { firstMs: 500, maxMs: 5_000 };

/**
 * Listens for the projector's notifications on a separate connection, which reconnects automatically. A lost
 * notification does no harm, because the feed also polls.
 */
export function listenForPositions(options: {
  url: string;
  timeoutMs: number;
  log: Log;
  onWake: () => void;
}) {
  const { url, timeoutMs, log, onWake } = options;
  const outage = outageLog(log, 'not listening for positions, polling goes on');
  let client: pg.Client | null = null;
  let retry: NodeJS.Timeout | null = null;
  let failures = 0;
  let stopped = false;

  const lost = (from: pg.Client, error: unknown): void => {
    if (client !== from) return;
    client = null;
    from.end().catch(() => undefined);
    if (stopped) return;
    outage.failed(error);
    failures += 1;
    retry = setTimeout(() => void connect(), backoffDelayMs(RECONNECT_BACKOFF, failures, Math.random()));
  };
  const connect = async (): Promise<void> => {
    const opened = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
      keepAlive: true,
    });
    client = opened;
    opened.on('error', (error) => lost(opened, error));
    opened.on('end', () => lost(opened, new Error('the connection ended')));
    opened.on('notification', onWake);
    try {
      await opened.connect();
      await opened.query(`listen ${CHANNEL}`);
      failures = 0;
      outage.worked();
      onWake();
    } catch (error) {
      lost(opened, error);
    }
  };
  void connect();
  return {
    stop: async () => {
      stopped = true;
      if (retry) clearTimeout(retry);
      const open = client;
      client = null;
      await open
        ?.end()
        .catch((error: unknown) => log.debug({ err: error }, 'the listener had already ended'));
    },
  };
}
