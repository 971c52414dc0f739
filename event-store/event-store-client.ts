import { Client, Metadata, type Channel } from '@grpc/grpc-js';
import { EventStoreDBClient } from '@eventstore/db-client';
import { readLean } from './lean-reads.ts';
import { within } from './no-answer.ts';
import { bearStrayAnswers } from './stray-answers.ts';

const SERVER_FEATURES = '/event_store.client.server_features.ServerFeatures/GetSupportedMethods';
/** Longest wait for the streams of a client that is being closed. */
const DISPOSE_WAIT_MS = 1_000;
/** Longest search for the leader of a cluster: every node is asked for a second at most. */
const DISCOVER_MS_MAX = 3_000;
/** Longest wait for a server's answer to the one question that every server answers at once. */
const ANSWER_MS_MAX = 1_500;

/** The parts of the client that are protected, and that nothing public stands for. */
interface Inside {
  getChannel(): Promise<Channel>;
  readonly capabilities: Promise<unknown>;
}

/** The connections of clients; the client itself never closes the last one. */
const channels = new WeakMap<EventStoreDBClient, Channel>();

/** @param onStray told of answers to appends that nobody waits for any more */
export function openClient(forClient: string, onStray: () => void): EventStoreDBClient {
  const client = EventStoreDBClient.connectionString(forClient);
  const inside = client as unknown as Inside;
  const getChannel = inside.getChannel.bind(inside);
  inside.getChannel = async () => {
    const channel = await getChannel();
    channels.set(client, channel);
    return channel;
  };
  return bearStrayAnswers(readLean(client), onStray);
}

/**
 * Asks a client's server for what it can do, over the client's own connection, and asks the client what it remembers of
 * the same question: it keeps a failed answer for ever. Both must be right, or the client is of no use any more.
 *
 * @throws NoAnswer on silence, otherwise what the client or the server said
 */
export async function askServer(client: EventStoreDBClient): Promise<void> {
  const inside = client as unknown as Inside;
  const channel = await within(DISCOVER_MS_MAX, inside.getChannel());
  await within(ANSWER_MS_MAX, inside.capabilities);
  await within(ANSWER_MS_MAX, featuresOver(channel));
}

function featuresOver(channel: Channel): Promise<void> {
  const stub = new Client('', null as never, { channelOverride: channel });
  const bytes = (buffer: Buffer) => buffer;
  const options = { deadline: Date.now() + 2 * ANSWER_MS_MAX };
  return new Promise((resolve, reject) => {
    const answered = (error: Error | null) => (error ? reject(error) : resolve());
    stub.makeUnaryRequest(SERVER_FEATURES, bytes, bytes, Buffer.alloc(0), new Metadata(), options, answered);
  });
}

/** Cancels every stream of a client and lets its connection go; bounded, since a dead one may never confirm. */
export async function closeClient(client: EventStoreDBClient): Promise<void> {
  await within(DISPOSE_WAIT_MS, client.dispose()).catch(() => undefined);
  channels.get(client)?.close();
}
