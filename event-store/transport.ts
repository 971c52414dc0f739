import type { Log } from '../runtime/log/log.ts';
import type { EventStoreUrl } from '../schemas/settings/event-store-url.ts';
import { appendExactly, type AppendRequest, type SendAppend } from './calls/append.ts';
import { sendByClient } from './client/client-append.ts';
import { openClientGenerations } from './client/client-connection.ts';
import { readByClient } from './client/client-read.ts';
import { subscribeByClient } from './client/client-subscribe.ts';
import type { Appended, Following, FollowOptions } from './event-log.ts';
import { followAll, type SubscribeToAll } from './calls/follow-all.ts';
import type { Generations } from './calls/generations.ts';
import { openLeanGenerations } from './lean/lean-connection.ts';
import { readLean } from './lean/lean-read.ts';
import { subscribeLean } from './lean/lean-subscribe.ts';
import { offerAppend } from './calls/probe-store.ts';
import { readEventAt } from './calls/read.ts';
import { readEvents, type OpenRead, type ReadLog } from './calls/watched-read.ts';

/** Longest wait for the answer whether the log has an event at a position. */
const LOOK_MS_MAX = 5_000;

/**
 * The transport that carries every call. `auto` is Docket's lean transport if the connection string names one server,
 * and `@eventstore/db-client` for a cluster. `client` is always `@eventstore/db-client`.
 */
export type TransportChoice = 'auto' | 'client';

/** Every call that Docket makes to an event store, over one transport. */
export interface Transport {
  readonly append: (request: AppendRequest) => Promise<Appended>;
  readonly read: ReadLog;
  readonly follow: (options: FollowOptions) => Following;
  /** Offers an append for a probe, see `offerAppend`. */
  readonly offer: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface TransportParts {
  readonly url: EventStoreUrl;
  readonly choice: TransportChoice;
  readonly timeoutMs: number;
  readonly log: Log;
}

/** Opens the transport for the connection string and the setting (ADR 0154, 0181). */
export function openTransport(parts: TransportParts): Transport {
  const { url, choice, log } = parts;
  const { server } = url;
  if (server !== null && choice === 'auto') {
    const connections = openLeanGenerations({ log, timeoutMs: parts.timeoutMs, url: { ...url, server } });
    return over(parts, {
      appending: connections,
      reading: connections,
      open: readLean,
      subscribe: subscribeLean,
      send: (connection, request, ms) => connection.appends.append(request, ms),
    });
  }
  return over(parts, {
    // The client closes its connection when a caller gives up a read, so appends use a separate connection.
    appending: openClientGenerations(url, log),
    reading: openClientGenerations(url, log),
    open: readByClient,
    send: sendByClient,
    subscribe: subscribeByClient,
  });
}

interface Carriers<Client> {
  readonly appending: Generations<Client>;
  readonly reading: Generations<Client>;
  readonly send: SendAppend<Client>;
  readonly open: OpenRead<Client>;
  readonly subscribe: SubscribeToAll<Client>;
}

function over<Client>(
  { timeoutMs, log }: TransportParts,
  { appending, reading, send, open, subscribe }: Carriers<Client>,
): Transport {
  const read: ReadLog = (asked) => readEvents({ generations: reading, open, silenceMs: timeoutMs }, asked);
  const look: ReadLog = (asked) => readEvents({ generations: reading, open, silenceMs: LOOK_MS_MAX }, asked);
  const isInLog = (position: bigint): Promise<boolean> =>
    readEventAt(look, position).then(
      (event) => event !== null,
      // During an outage the answer is true, because an outage must not look like a different log.
      () => true,
    );
  return {
    read,
    append: (request) => appendExactly({ generations: appending, send, timeoutMs, request }),
    follow: (options) => followAll({ generations: reading, subscribe, isInLog, log }, options),
    offer: () => offerAppend(appending, send, timeoutMs),
    close: async () => {
      await Promise.all([...new Set([appending, reading])].map((generations) => generations.close()));
    },
  };
}
