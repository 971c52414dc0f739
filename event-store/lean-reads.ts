import type { EventStoreDBClient } from '@eventstore/db-client';
import type { Transform, TransformCallback } from 'node:stream';
import type { RecordedEvent } from './event-log.ts';
import { openStreamsThrough, type Request, type Stub } from './stream-creator.ts';
import { eventOfMessage } from './wire-event.ts';

const READ_METHOD = '/event_store.client.streams.Streams/Read';
/** The client's names of the calls that end by themselves; subscriptions stay with its own decoder. */
const READS = new Set(['readAll', 'readStream']);
/** Events are handed on in batches of at most this many, or of about this many bytes. */
const BATCH_EVENTS_MAX = 64;
const BATCH_BYTES_MAX = 64 * 1024;

interface DecodedMessage {
  readonly event: RecordedEvent | null;
  readonly bytes: number;
}

/** A read of the client whose events come in batches. */
export interface BatchedRead {
  [Symbol.asyncIterator](): AsyncIterator<readonly RecordedEvent[]>;
  readonly readableEnded: boolean;
  destroy(error?: Error): unknown;
  cancel(): Promise<void>;
}

/**
 * Lets the reads of a client give their messages to `eventOfMessage` instead of to the client's protobuf classes. The
 * request, the connection, the choice of node and the errors stay the client's. What such a read gives is only of use
 * through `inBatches` (ADR 0055).
 */
export function readLean(client: EventStoreDBClient): EventStoreDBClient {
  return openStreamsThrough(client, (name, open) =>
    READS.has(name) ? (stub) => open(withLeanRead(stub)) : open,
  );
}

function withLeanRead(stub: Stub): Stub {
  const lean = Object.create(stub) as Stub;
  lean.read = (request, ...rest) =>
    stub.makeServerStreamRequest(READ_METHOD, encodeRequest, decodeMessage, request, ...rest);
  return lean;
}

function encodeRequest(request: Request): Buffer {
  return Buffer.from(request.serializeBinary());
}

function decodeMessage(bytes: Buffer): DecodedMessage {
  return { event: eventOfMessage(bytes), bytes: bytes.length };
}

/** Hands the events of a read of a `readLean` client on in batches; a stream that is not there gives none. */
export function inBatches(read: unknown): BatchedRead {
  const batching = read as Transform & BatchedRead;
  let batch: RecordedEvent[] = [];
  let bytes = 0;
  const taken = () => {
    const full = batch;
    batch = [];
    bytes = 0;
    return full;
  };
  batching._transform = (message: DecodedMessage, _encoding: string, next: TransformCallback) => {
    if (message.event) batch.push(message.event);
    bytes += message.bytes;
    if (batch.length >= BATCH_EVENTS_MAX || bytes >= BATCH_BYTES_MAX) next(null, taken());
    else next();
  };
  batching._flush = (next: TransformCallback) => next(null, batch.length > 0 ? taken() : undefined);
  return batching;
}
