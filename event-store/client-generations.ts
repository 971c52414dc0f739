import type { EventStoreDBClient } from '@eventstore/db-client';
import type { Log } from '../runtime/log.ts';
import type { EventStoreUrl } from '../schemas/event-store-url.ts';
import { askServer, closeClient, openClient } from './event-store-client.ts';
import { openGenerations, type Generations } from './generations.ts';

export type ClientGenerations = Generations<EventStoreDBClient>;

/**
 * Clients of `@eventstore/db-client`. The client keeps a rejected or never-settled capability request for ever, and a batch
 * append on a silent connection has no deadline; both end with a fresh client.
 *
 * Pending appends of all clients stand in one map of the module, which the end of a stream empties, so that appends put
 * there before the old client's streams have ended would be done twice. The wait for that is bounded; the answer that comes
 * in spite of it is borne by `bearStrayAnswers`.
 */
export function openClientGenerations(url: EventStoreUrl, log: Log): ClientGenerations {
  const onStray = () => log.debug('an answer to an append came that nobody waits for any more');
  return openGenerations({
    url,
    log,
    ask: askServer,
    close: closeClient,
    open: () => openClient(url.forClient, onStray),
    openForFirstHost: () => openClient(url.firstHostForClient, onStray),
  });
}
