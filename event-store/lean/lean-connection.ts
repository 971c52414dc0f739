import { convertToCommandError } from '@eventstore/db-client';
import { Client, credentials, Metadata, type CallOptions } from '@grpc/grpc-js';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Log } from '../../runtime/log.ts';
import type { EventStoreUrl, NamedServer } from '../../schemas/event-store-url.ts';
import { openGenerations, type Generations } from '../generations.ts';
import { within } from '../no-answer.ts';
import { openAppendStream, type AppendStream } from './append-stream.ts';

const SERVER_FEATURES = '/event_store.client.server_features.ServerFeatures/GetSupportedMethods';
const BATCH_APPEND = '/event_store.client.streams.Streams/BatchAppend';
const READ = '/event_store.client.streams.Streams/Read';
/** Longest wait for a server's answer to the one question that every server answers at once. */
const ANSWER_MS_MAX = 1_500;
/** As `@eventstore/db-client` has it: the largest event that EventStoreDB can hold, and a little more. */
const MESSAGE_BYTES_MAX = 17 * 1024 * 1024;
const NEVER_MS = 2 ** 31 - 1;
/**
 * Pause before a connection that broke or was refused is tried again, doubled about each time. gRPC's own go up to two
 * minutes, so that a server that is back would be kept waiting for.
 */
const RECONNECT_AFTER_MS = 100;
const RECONNECT_AFTER_MAX_MS = 1_000;

const asTheyAre = (bytes: Buffer): Buffer => bytes;

/** One connection to one server over `@grpc/grpc-js`; messages are read and written by the codec of the embedded store. */
export interface LeanConnection {
  readonly appends: AppendStream;
  /** Opens `Streams.Read`. */
  readonly read: (request: Buffer) => MessageStream;
  /** @throws NoAnswer on silence, otherwise what the server or the connection said */
  readonly ask: () => Promise<void>;
  /** Ends every call and lets the connection go. */
  readonly close: () => void;
}

/** What of a call of grpc-js a subscription needs. */
export interface MessageStream {
  on(event: 'data', listener: (message: Buffer) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  pause(): unknown;
  resume(): unknown;
  cancel(): void;
}

/** Connections to the server that a connection string names, one after the other. */
export function openLeanGenerations(
  url: EventStoreUrl & { readonly server: NamedServer },
  log: Log,
): Generations<LeanConnection> {
  const open = (): LeanConnection => openLeanConnection(url.server);
  return openGenerations({
    url,
    log,
    open,
    openForFirstHost: open,
    ask: (connection) => connection.ask(),
    close: (connection) => Promise.resolve(connection.close()),
  });
}

function openLeanConnection(server: NamedServer): LeanConnection {
  const client = new Client(server.target, channelCredentials(server), {
    'grpc.keepalive_time_ms': server.keepAliveMs ?? NEVER_MS,
    'grpc.keepalive_timeout_ms': server.keepAliveTimeoutMs ?? NEVER_MS,
    'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
    'grpc.initial_reconnect_backoff_ms': RECONNECT_AFTER_MS,
    'grpc.max_reconnect_backoff_ms': RECONNECT_AFTER_MAX_MS,
    // A connection that is shared with another client tells only one of them why it cannot be made.
    'grpc.use_local_subchannel_pool': 1,
  });
  const callMetadata = metadataOf(server);
  const endless: CallOptions = {};
  const open = new Set<{ cancel(): void }>();
  const kept = <Call extends { cancel(): void; on(event: 'error' | 'end', then: () => void): unknown }>(
    call: Call,
  ): Call => {
    open.add(call);
    call.on('error', () => open.delete(call));
    call.on('end', () => open.delete(call));
    return call;
  };
  return {
    appends: openAppendStream(() =>
      kept(client.makeBidiStreamRequest(BATCH_APPEND, asTheyAre, asTheyAre, callMetadata(), endless)),
    ),
    read: (request) =>
      kept(client.makeServerStreamRequest(READ, asTheyAre, asTheyAre, request, callMetadata(), endless)),
    ask: () => within(ANSWER_MS_MAX, askFeatures(client, callMetadata())),
    close: () => {
      for (const call of open) call.cancel();
      client.close();
    },
  };
}

function askFeatures(client: Client, metadata: Metadata): Promise<void> {
  const options = { deadline: Date.now() + 2 * ANSWER_MS_MAX };
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      SERVER_FEATURES,
      asTheyAre,
      asTheyAre,
      Buffer.alloc(0),
      metadata,
      options,
      (error) => (error === null ? resolve() : reject(convertToCommandError(error))),
    );
  });
}

function channelCredentials({ isSecure, caFile, ownFiles }: NamedServer) {
  if (!isSecure) return credentials.createInsecure();
  const bytesOf = (file: string | null | undefined): Buffer | null =>
    file === null || file === undefined ? null : readFileSync(file);
  return credentials.createSsl(bytesOf(caFile), bytesOf(ownFiles?.key), bytesOf(ownFiles?.certificate));
}

/** The headers of a call. Without TLS no password is sent, as `@eventstore/db-client` has it. */
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
