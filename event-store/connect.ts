import { existsSync } from 'node:fs';
import type { Log } from '../runtime/log/log.ts';
import { SettingsRefused } from '../runtime/settings/settings.ts';
import { readEventStoreUrl, type EventStoreUrl } from '../schemas/settings/event-store-url.ts';
import { refuseMalformed } from './calls/append.ts';
import { probeStore } from './calls/probe-store.ts';
import { readAllForwards, readEventAt, readHead, readLastEvent, readStreamForwards } from './calls/read.ts';
import { LogUnavailable, StoreUnusable } from './errors.ts';
import type { EventLog } from './event-log.ts';
import { shareTail } from './live-tail/share-tail.ts';
import { setMaxAge } from './stream-limit.ts';
import { openTransport, type TransportChoice } from './transport.ts';

/** The log on a server, with a probe of whether the server can serve Docket. */
export interface ConnectedEventLog extends EventLog {
  /** The servers without user and options, safe to print. */
  readonly address: string;
  /**
   * Resolves when the server would now serve an upload and its conversion, the user's rights included. Takes at most
   * the time limit of one answer, and writes nothing. After a probe that found a fault which waiting cannot end,
   * `append` refuses, because nobody could read the uploaded job.
   *
   * @throws StoreUnusable with the fault, its remedy, and whether waiting can help
   */
  readonly probe: () => Promise<void>;
}

/**
 * Connects to the log on a server. One connection in each process is enough, because all followers share one
 * subscription to live events.
 *
 * @param options.connectionString `esdb://host:port?tls=false`, or a cluster's
 * @param options.timeoutMs longest wait for one answer of the store
 * @throws SettingsRefused when the connection string cannot be used
 */
export function connectEventLog(options: {
  connectionString: string;
  timeoutMs: number;
  log: Log;
  transport?: TransportChoice;
}): ConnectedEventLog {
  const { timeoutMs, log, transport: choice = 'auto' } = options;
  const url = usable(options.connectionString);
  for (const remark of url.remarks) log.warn(remark);
  const transport = openTransport({ url, choice, timeoutMs, log });
  const { read } = transport;
  let unusable: StoreUnusable | null = null;
  const readAll: EventLog['readAll'] = (after, filter, maxCount = Number.MAX_SAFE_INTEGER) =>
    readAllForwards(read, { after, filter, maxCount });
  const head = () => readHead(read);
  return {
    address: url.address,
    probe: async () => {
      try {
        await probeStore({ read, offer: transport.offer, url, timeoutMs });
        unusable = null;
      } catch (error) {
        unusable = error instanceof StoreUnusable && error.final ? error : null;
        throw error;
      }
    },
    append: async (stream, events, expected) => {
      if (unusable !== null)
        throw new LogUnavailable(`appending to ${stream}`, { fault: unusable.fault, cause: unusable });
      refuseMalformed(stream, events);
      return transport.append({ stream, events, expected });
    },
    readStream: (stream, fromRevision = 0n) => readStreamForwards(read, stream, fromRevision),
    readLast: (stream) => readLastEvent(read, stream),
    readAll,
    eventAt: (position) => readEventAt(read, position),
    head,
    follow: shareTail({ readAll, head, follow: transport.follow }, log),
    setMaxAge: (stream, maxAgeSec) => setMaxAge(transport, stream, maxAgeSec),
    close: transport.close,
  };
}

/** @throws SettingsRefused */
function usable(connectionString: string): EventStoreUrl {
  const read = readEventStoreUrl(connectionString);
  const faults =
    'faults' in read
      ? read.faults
      : read.url.caFile !== null && !existsSync(read.url.caFile)
        ? [`names a file of its authority that is not there: ${read.url.caFile}`]
        : [];
  if (faults.length > 0 || 'faults' in read)
    throw new SettingsRefused(faults.map((fault) => `EVENTSTORE_URL: ${fault}`));
  return read.url;
}
