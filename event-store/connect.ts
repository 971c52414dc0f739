import { existsSync } from 'node:fs';
import type { Log } from '../runtime/log.ts';
import { SettingsRefused } from '../runtime/settings.ts';
import { readEventStoreUrl, type EventStoreUrl } from '../schemas/event-store-url.ts';
import { setMaxAge } from './client-append.ts';
import { openClientGenerations } from './client-generations.ts';
import { LogUnavailable, StoreUnusable } from './errors.ts';
import type { EventLog } from './event-log.ts';
import { shareTail } from './live-tail/share-tail.ts';
import { probeStore } from './probe.ts';
import { readAllForwards, readEventAt, readHead, readLastEvent, readStreamForwards } from './read.ts';
import { openTransport, type TransportChoice } from './transport.ts';

/** The log on a server, which can be asked whether it serves Docket. */
export interface ConnectedEventLog extends EventLog {
  /** The servers, without user and options: what may be printed. */
  readonly address: string;
  /**
   * Resolves when the server would serve an upload and its conversion now, the rights of the user included, never later
   * than the time-out of an answer. Nothing is written. While the last probe says that waiting cannot help, appends are
   * refused: what is appended and can be read by nobody would be an upload that vanishes.
   *
   * @throws StoreUnusable with what is wrong, what to do about it, and whether waiting can help
   */
  readonly probe: () => Promise<void>;
}

/** Longest wait for the answer to whether a position is in the log. */
const LOOK_MS_MAX = 5_000;

/**
 * The log on a server. One a process: live events are taken in once for all who follow, and `@eventstore/db-client` keeps
 * the pending appends of all its instances in one map, so that the failure of one would reject the appends of the others.
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
  // Appends have a client of their own: an error of a read or a subscription would make a shared one open a second
  // append stream beside the first, and the end of the first would then take the second's pending appends with it.
  const appending = openClientGenerations(url, log);
  const reading = openClientGenerations(url, log);
  const isInLog = (position: bigint): Promise<boolean> =>
    readEventAt(reading, LOOK_MS_MAX, position).then(
      (event) => event !== null,
      // An outage must not look like another log.
      () => true,
    );
  const transport = openTransport({ url, choice, clients: { appending, reading }, timeoutMs, isInLog, log });
  let unusable: StoreUnusable | null = null;
  const readAll: EventLog['readAll'] = (after, filter, maxCount = Number.MAX_SAFE_INTEGER) =>
    readAllForwards(reading, timeoutMs, { after, filter, maxCount });
  const head = () => readHead(reading, timeoutMs);
  return {
    address: url.address,
    probe: async () => {
      try {
        await probeStore({ reading, offer: transport.offer, url, timeoutMs });
        unusable = null;
      } catch (error) {
        unusable = error instanceof StoreUnusable && error.final ? error : null;
        throw error;
      }
    },
    append: async (stream, events, expected) => {
      if (unusable !== null)
        throw new LogUnavailable(`appending to ${stream}`, { fault: unusable.fault, cause: unusable });
      return transport.append({ stream, events, expected });
    },
    readStream: (stream, fromRevision = 0n) => readStreamForwards(reading, timeoutMs, stream, fromRevision),
    readLast: (stream) => readLastEvent(reading, timeoutMs, stream),
    readAll,
    eventAt: (position) => readEventAt(reading, timeoutMs, position),
    head,
    follow: shareTail({ readAll, head, follow: transport.follow }, log),
    setMaxAge: (stream, maxAgeSec) => setMaxAge(appending, timeoutMs, stream, maxAgeSec),
    close: async () => {
      await Promise.all([transport.close(), appending.close(), reading.close()]);
    },
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
