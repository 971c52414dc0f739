import { convertToCommandError } from '@eventstore/db-client';
import { Client, credentials, Metadata, type CallOptions, type ClientReadableStream } from '@grpc/grpc-js';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Log } from '../../runtime/log.ts';
import type { EventStoreUrl, NamedServer } from '../../schemas/event-store-url.ts';
import { openGenerations, type Generations } from '../calls/generations.ts';
import { within } from '../calls/no-answer.ts';
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
/** A call fails at once during such a pause, and a read is begun again for half of the time-out: each takes its part. */
const RECONNECTS_PER_TIMEOUT = 4;

const asTheyAre = (bytes: Buffer): Buffer => bytes;

/** One connection to one server over `@grpc/grpc-js`; messages are read and written by the codec of the embedded store. */
export interface LeanConnection {
  readonly appends: AppendStream;
  /** Opens `Streams.Read`. */
  readonly read: (request: Buffer) => MessageStream;
  /**
   * One message there and one back.
   * @throws what the server or the connection said, as `@eventstore/db-client` names it
   */
  readonly call: (method: string, request: Buffer, deadlineMs: number) => Promise<Buffer>;
  /** @throws NoAnswer on silence, otherwise what the server or the connection said */
  readonly ask: () => Promise<void>;
  /** Ends every call and lets the connection go. */
  readonly close: () => void;
}

/** A call of grpc-js whose messages are bytes. */
export type MessageStream = ClientReadableStream<Buffer>;

/**
 * Connections to the server that a connection string names, one after the other.
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
 * Connects when it is first used.
 * @param timeoutMs longest wait for one answer: a server that is back is found within a part of it
 */
export function openLeanConnection(server: NamedServer, timeoutMs: number): LeanConnection {
  const reconnectMsMax = Math.min(RECONNECT_AFTER_MAX_MS, timeoutMs / RECONNECTS_PER_TIMEOUT);
  const client = new Client(server.target, channelCredentials(server), {
    'grpc.keepalive_time_ms': server.keepAliveMs ?? NEVER_MS,
    'grpc.keepalive_timeout_ms': server.keepAliveTimeoutMs ?? NEVER_MS,
    'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
    'grpc.initial_reconnect_backoff_ms': Math.min(RECONNECT_AFTER_MS, reconnectMsMax),
    'grpc.max_reconnect_backoff_ms': reconnectMsMax,
    // A connection that is shared with another client tells only one of them why it cannot be made.
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
  return {
    call,
    appends: openAppendStream(() =>
      kept(client.makeBidiStreamRequest(BATCH_APPEND, asTheyAre, asTheyAre, callMetadata(), endless)),
    ),
    read: (request) =>
      kept(client.makeServerStreamRequest(READ, asTheyAre, asTheyAre, request, callMetadata(), endless)),
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
