import type { Log } from '../runtime/log.ts';
import type { EventStoreUrl } from '../schemas/event-store-url.ts';
import { appendExactly, type AppendRequest, type SendAppend } from './append.ts';
import { sendByClient } from './client-append.ts';
import type { ClientGenerations } from './client-generations.ts';
import { subscribeByClient } from './client-subscribe.ts';
import type { Appended, Following, FollowOptions } from './event-log.ts';
import { followAll, type FollowParts, type SubscribeToAll } from './follow.ts';
import type { Generations } from './generations.ts';
import { openLeanGenerations } from './lean/lean-connection.ts';
import { subscribeLean } from './lean/subscribe.ts';
import { offerAppend } from './probe.ts';

/**
 * What carries appends and live events: `auto` is Docket's own lean transport where the connection string names one
 * server, and `@eventstore/db-client` for a cluster; `client` is always that.
 */
export type TransportChoice = 'auto' | 'client';

/** Appends and live events over one transport. */
export interface Transport {
  readonly append: (request: AppendRequest) => Promise<Appended>;
  readonly follow: (options: FollowOptions) => Following;
  /** What a probe asks, see `offerAppend`. */
  readonly offer: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface TransportParts {
  readonly url: EventStoreUrl;
  readonly choice: TransportChoice;
  /** Clients of `@eventstore/db-client`, opened when they are first used. */
  readonly clients: { readonly appending: ClientGenerations; readonly reading: ClientGenerations };
  readonly timeoutMs: number;
  readonly isInLog: FollowParts<unknown>['isInLog'];
  readonly log: Log;
}

/** The transport that the connection string and the setting ask for (ADR 0154). */
export function openTransport(parts: TransportParts): Transport {
  const { url, choice, clients, log } = parts;
  const { server } = url;
  if (server === null || choice === 'client')
    return over(parts, {
      appending: clients.appending,
      following: clients.reading,
      send: sendByClient,
      subscribe: subscribeByClient,
      close: () => Promise.resolve(),
    });
  const connections = openLeanGenerations({ ...url, server }, log);
  return over(parts, {
    appending: connections,
    following: connections,
    subscribe: subscribeLean,
    send: (connection, request, ms) => connection.appends.append(request, ms),
    close: () => connections.close(),
  });
}

interface Carriers<Client> {
  readonly appending: Generations<Client>;
  readonly following: Generations<Client>;
  readonly send: SendAppend<Client>;
  readonly subscribe: SubscribeToAll<Client>;
  readonly close: () => Promise<void>;
}

function over<Client>(
  { timeoutMs, isInLog, log }: TransportParts,
  { appending, following, send, subscribe, close }: Carriers<Client>,
): Transport {
  return {
    append: (request) => appendExactly({ generations: appending, send, timeoutMs, request }),
    follow: (options) => followAll({ generations: following, subscribe, isInLog, log }, options),
    offer: () => offerAppend(appending, send, timeoutMs),
    close,
  };
}
