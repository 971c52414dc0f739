import { BACKWARDS, END, EventStoreDBClient } from '@eventstore/db-client';
import type { Log } from '../../runtime/log/log.ts';
import type { EventStoreUrl } from '../../schemas/settings/event-store-url.ts';
import { openGenerations, type Generations } from '../calls/generations.ts';
import { within } from '../calls/no-answer.ts';

/** A client of `@eventstore/db-client`, used only by its public calls (ADR 0181). */
export interface ClientConnection {
  readonly client: EventStoreDBClient;
  /**
   * Credentials sent with each append, so that the client makes a separate call for each append. Null when the client
   * has no credentials to send.
   */
  readonly credentials: { readonly username: string; readonly password: string } | null;
}

export type ClientGenerations = Generations<ClientConnection>;

/** Longest wait for the streams of a client that closes. */
const DISPOSE_WAIT_MS = 1_000;
/** Longest search for the leader of a cluster. The client asks every node for one second at most. */
const DISCOVER_MS_MAX = 3_000;
/** Longest wait for the last event of the log. */
const ANSWER_MS_MAX = 1_500;

/** Opens clients of `@eventstore/db-client`, one at a time, and replaces a client that no longer works. */
export function openClientGenerations(url: EventStoreUrl, log: Log): ClientGenerations {
  const connect = (connectionString: string): ClientConnection => {
    return {
      client: EventStoreDBClient.connectionString(connectionString),
      credentials: credentialsOf(url),
    };
  };
  const left = new Set<LastRead>();
  return openGenerations({
    url,
    log,
    ask: askServer,
    discard: (connection) => discardClient(connection, left),
    close: async (connection) => {
      for (const read of left) void read.cancel().catch(() => undefined);
      await closeClient(connection);
    },
    open: () => connect(url.forClient),
    openForFirstHost: () => connect(url.firstHostForClient),
  });
}

/**
 * Chooses credentials that make the client send each append as a separate call. Without credentials appends share a
 * stream, and one map of the process holds their answers. The end of any such stream empties the map, and a later
 * answer then throws an error that nobody can catch (D20, D44). Without TLS the client sends no credentials, so any
 * value works.
 */
function credentialsOf({ login, isSecure }: EventStoreUrl): ClientConnection['credentials'] {
  if (!isSecure) return { username: '', password: '' };
  return login;
}

/**
 * Reads the last event of the log. A refusal counts as an answer, and the caller decides what it means.
 *
 * @throws NoAnswer on silence, otherwise the error of the client or the server
 */
async function askServer(
  { client }: ClientConnection,
  { isFresh }: { readonly isFresh: boolean },
): Promise<void> {
  const read = readLastOf(client);
  try {
    await within(ANSWER_MS_MAX + (isFresh ? DISCOVER_MS_MAX : 0), ended(read));
  } catch (error) {
    // A read that nobody waits for would keep the connection open, and a stopping process alive.
    void read.cancel().catch(() => undefined);
    throw error;
  }
}

type LastRead = ReturnType<typeof readLastOf>;

function readLastOf(client: EventStoreDBClient) {
  return client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 });
}

async function ended(read: LastRead): Promise<void> {
  for await (const _event of read);
}

/**
 * Gives up a client so that its connection can close. A client closes its connection only when the failure of that
 * connection ends a call. gRPC's keepalive ends a silent connection, and watches only connections with a call. So the
 * function leaves one call running.
 * @param left holds that call until it ends; a process that stops cancels it
 */
async function discardClient(connection: ClientConnection, left: Set<LastRead>): Promise<void> {
  await closeClient(connection);
  const read = readLastOf(connection.client);
  left.add(read);
  void ended(read)
    .catch(() => undefined)
    .finally(() => left.delete(read));
}

/** Cancels all calls of a client. An idle connection keeps no process alive, and gRPC closes it after half an hour. */
async function closeClient({ client }: ClientConnection): Promise<void> {
  await within(DISPOSE_WAIT_MS, client.dispose()).catch(() => undefined);
}
