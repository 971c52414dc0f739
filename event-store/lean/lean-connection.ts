import { convertToCommandError } from '@eventstore/db-client';
import { Client, credentials, Metadata, type CallOptions, type ClientReadableStream } from '@grpc/grpc-js';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Log } from '../../runtime/log/log.ts';
import type { EventStoreUrl, NamedServer } from '../../schemas/settings/event-store-url.ts';
import { openGenerations, type Generations } from '../calls/generations.ts';
import { within } from '../calls/no-answer.ts';
import { JOINED_EVENTS_HEADER } from '../wire/joined-events.ts';
import { openAppendStream, type AppendStream } from './append-stream.ts';

const SERVER_FEATURES = '/event_store.client.server_features.ServerFeatures/GetSupportedMethods';
const BATCH_APPEND = '/event_store.client.streams.Streams/BatchAppend';
const READ = '/event_store.client.streams.Streams/Read';
/** Longest wait for the answer to `SupportedMethods`, which every server answers at once. */
const ANSWER_MS_MAX = 1_500;
/** The limit of `@eventstore/db-client`: a little more than the largest event of EventStoreDB. */
const MESSAGE_BYTES_MAX = 17 * 1024 * 1024;
const NEVER_MS = 2 ** 31 - 1;
/**
 * The first pause before a reconnect; each further pause is about twice as long. gRPC's own pauses reach two minutes,
 * which would be too long after the server returns.
 */
const RECONNECT_AFTER_MS = 100;
const RECONNECT_AFTER_MAX_MS = 1_000;
/**
 * During a pause before a reconnect, a call fails at once. Docket repeats a read for half of the read's time limit, so
 * several reconnects must fit into this half.
 */
const RECONNECTS_PER_TIMEOUT = 4;

const asTheyAre = (bytes: Buffer): Buffer => bytes;

/** One connection to one server over `@grpc/grpc-js`. The codec of the embedded store reads and writes the messages. */
export interface LeanConnection {
  readonly appends: AppendStream;
  /** Opens `Streams.Read` for a subscription. */
  readonly read: (request: Buffer) => MessageStream;
  /** Opens `Streams.Read` and asks for joined events, see `JOINED_EVENTS_HEADER`. */
  readonly readJoined: (request: Buffer) => MessageStream;
  /**
   * Sends one message and returns one.
   * @throws the error of the server or the connection, named as `@eventstore/db-client` names it
   */
  readonly call: (method: string, request: Buffer, deadlineMs: number) => Promise<Buffer>;
  /**
   * Checks the connection.
   * @throws NoAnswer on silence, otherwise the error of the server or the connection
   */
  readonly ask: () => Promise<void>;
  /** Ends every call and closes the connection. */
  readonly close: () => void;
}

/** A call of grpc-js whose messages are bytes. */
export type MessageStream = ClientReadableStream<Buffer>;

/**
 * Opens connections to the server of a connection string, one at a time.
 * @param parts.timeoutMs longest wait for one answer
 */
export function openLeanGenerations(parts: {
  readonly url: EventStoreUrl & { readonly server: NamedServer };
  readonly log: Log;
  readonly timeoutMs: number;
}): Generations<LeanConnection> {
  const { url, log, timeoutMs } = parts;
  const open = (): LeanConnection => openLeanConnection(url.server, timeoutMs);
  return openGenerations({
    url,
    log,
    open,
    openForFirstHost: open,
    ask: (connection) => connection.ask(),
    discard: (connection) => Promise.resolve(connection.close()),
    close: (connection) => Promise.resolve(connection.close()),
  });
}

/**
 * Makes a connection, which connects at its first use.
 * @param timeoutMs longest wait for one answer. Within a part of this time the connection finds a server that has
 * returned.
 */
export function openLeanConnection(server: NamedServer, timeoutMs: number): LeanConnection {
  const reconnectMsMax = Math.min(RECONNECT_AFTER_MAX_MS, timeoutMs / RECONNECTS_PER_TIMEOUT);
  const client = new Client(server.target, channelCredentials(server), {
    'grpc.keepalive_time_ms': server.keepAliveMs ?? NEVER_MS,
    'grpc.keepalive_timeout_ms': server.keepAliveTimeoutMs ?? NEVER_MS,
    'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
    'grpc.initial_reconnect_backoff_ms': Math.min(RECONNECT_AFTER_MS, reconnectMsMax),
    'grpc.max_reconnect_backoff_ms': reconnectMsMax,
    // Each client gets its own connection, because a shared one tells only one client why it failed.
    'grpc.use_local_subchannel_pool': 1,
  });
  const callMetadata = metadataOf(server);
  const endless: CallOptions = {};
  const open = new Set<{ cancel(): void }>();
  const kept = <Call extends { cancel(): void; on(event: string, then: () => void): unknown }>(
    call: Call,
  ): Call => {
    open.add(call);
    call.on('error', () => open.delete(call));
    call.on('end', () => open.delete(call));
    return call;
  };
  const call: LeanConnection['call'] = (method, request, deadlineMs) =>
    new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + deadlineMs };
      const answered = (error: Error | null, answer?: Buffer): void => {
        if (error === null && answer !== undefined) resolve(answer);
        else reject(convertToCommandError(error ?? new Error('an empty answer')));
      };
      client.makeUnaryRequest(method, asTheyAre, asTheyAre, request, callMetadata(), options, answered);
    });
  const read = (request: Buffer, metadata: Metadata): MessageStream =>
    kept(client.makeServerStreamRequest(READ, asTheyAre, asTheyAre, request, metadata, endless));
  return {
    call,
    appends: openAppendStream(() =>
      kept(client.makeBidiStreamRequest(BATCH_APPEND, asTheyAre, asTheyAre, callMetadata(), endless)),
    ),
    read: (request) => read(request, callMetadata()),
    readJoined: (request) => {
      const metadata = callMetadata();
      metadata.add(JOINED_EVENTS_HEADER, '1');
      return read(request, metadata);
    },
    ask: async () => {
      await within(ANSWER_MS_MAX, call(SERVER_FEATURES, Buffer.alloc(0), 2 * ANSWER_MS_MAX));
    },
    close: () => {
      for (const call of open) call.cancel();
      client.close();
    },
  };
}

function channelCredentials({ isSecure, caFile, ownFiles }: NamedServer) {
  if (!isSecure) return credentials.createInsecure();
  const bytesOf = (file: string | null | undefined): Buffer | null =>
    file === null || file === undefined ? null : readFileSync(file);
  return credentials.createSsl(bytesOf(caFile), bytesOf(ownFiles?.key), bytesOf(ownFiles?.certificate));
}

/** Makes the headers of a call. Without TLS it sends no password, as `@eventstore/db-client` does. */
function metadataOf({ login, isSecure, connectionName }: NamedServer): () => Metadata {
  const name = connectionName ?? randomUUID();
  const basic =
    login === null || !isSecure
      ? null
      : `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
  return () => {
    const metadata = new Metadata();
    metadata.add('connection-name', name);
    if (basic !== null) metadata.add('authorization', basic);
    return metadata;
  };
}
