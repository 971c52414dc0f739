import { BACKWARDS, END, EventStoreDBClient } from '@eventstore/db-client';
import type { Log } from '../../runtime/log.ts';
import type { EventStoreUrl } from '../../schemas/event-store-url.ts';
import { openGenerations, type Generations } from '../calls/generations.ts';
import { within } from '../calls/no-answer.ts';

/** A client of `@eventstore/db-client`, used by its public calls alone (ADR 0181). */
export interface ClientConnection {
  readonly client: EventStoreDBClient;
  /** Sent with each append, so that each is a call of its own; null where the client has no such option. */
  readonly credentials: { readonly username: string; readonly password: string } | null;
}

export type ClientGenerations = Generations<ClientConnection>;

/** Longest wait for the streams of a client that is being closed. */
const DISPOSE_WAIT_MS = 1_000;
/** Longest search for the leader of a cluster: every node is asked for a second at most. */
const DISCOVER_MS_MAX = 3_000;
/** Longest wait for the last event of the log. */
const ANSWER_MS_MAX = 1_500;

/** Clients of `@eventstore/db-client`, one after the other. One that is stuck is replaced. */
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
 * An append without credentials goes into a stream that it shares with others. Their answers stand in one map of the
 * process, which the end of any such stream empties: a later answer then throws where nobody can catch it (D20, D44).
 * With credentials the client makes a call of its own. Without TLS it sends none of them, so that any will do there.
 */
function credentialsOf({ login, isSecure }: EventStoreUrl): ClientConnection['credentials'] {
  if (!isSecure) return { username: '', password: '' };
  return login;
}

/**
 * Reads the last event of the log. A refusal counts as an answer; the caller decides what it means.
 *
 * @throws NoAnswer on silence, otherwise what the client or the server said
 */
async function askServer(
  { client }: ClientConnection,
  { isFresh }: { readonly isFresh: boolean },
): Promise<void> {
  const read = readLastOf(client);
  try {
    await within(ANSWER_MS_MAX + (isFresh ? DISCOVER_MS_MAX : 0), ended(read));
  } catch (error) {
    // A question that nobody waits for any more would keep the connection, and with it a process that stops.
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
 * A client closes its connection when a call ends with it, and never else. gRPC's keepalive ends a silent connection, and
 * watches only those with a call: so a client that is given up is left one.
 * @param left holds that call until it ends. A process that stops cancels it, since it would not end before
 */
async function discardClient(connection: ClientConnection, left: Set<LastRead>): Promise<void> {
  await closeClient(connection);
  const read = readLastOf(connection.client);
  left.add(read);
  void ended(read)
    .catch(() => undefined)
    .finally(() => left.delete(read));
}

/** Cancels what a client waits for. Its connection holds no process, and gRPC closes it after half an hour without a call. */
async function closeClient({ client }: ClientConnection): Promise<void> {
  await within(DISPOSE_WAIT_MS, client.dispose()).catch(() => undefined);
}
