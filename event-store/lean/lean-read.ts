import { convertToCommandError } from '@eventstore/db-client';
import { pipeline, Transform } from 'node:stream';
import { bytesField, emptyField, message, varintField } from '../wire/protobuf.ts';
import type { RecordedEvent } from '../event-log.ts';
import { ALL, type OpenRead, type ReadRequest } from '../calls/watched-read.ts';
import { addEvents } from './wire-event.ts';
import type { LeanConnection } from './lean-connection.ts';

/** A batch is full when it holds this many events or bytes. The last message may bring more of both. */
const BATCH_EVENTS_MAX = 64;
const BATCH_BYTES_MAX = 64 * 1024;

/**
 * Reads over the lean transport. The codec of the embedded store decodes the messages, and the read yields batches (ADR
 * 0055).
 */
export const readLean: OpenRead<LeanConnection> = (connection, request) => {
  const call = connection.readJoined(encodeRead(request));
  const batches = batching();
  pipeline(call, batches, () => call.cancel());
  return {
    batches: () => batchesOf(batches),
    abandon: () => {
      batches.destroy(new Error('abandoned'));
    },
  };
};

/** @throws the error of the server or the connection, named as `@eventstore/db-client` names it */
async function* batchesOf(batches: Transform): AsyncGenerator<readonly RecordedEvent[], void, undefined> {
  try {
    for await (const batch of batches) yield batch as readonly RecordedEvent[];
  } catch (error) {
    throw isOfGrpc(error) ? convertToCommandError(error) : error;
  }
}

const isOfGrpc = (error: unknown): error is Error => error instanceof Error && 'details' in error;

/** Decodes messages of `ReadResp` into lists of events; none for a stream that does not exist. */
function batching(): Transform {
  let batch: RecordedEvent[] = [];
  let bytes = 0;
  return new Transform({
    objectMode: true,
    transform: (received: Buffer, _encoding, next) => {
      let full: RecordedEvent[] | undefined;
      try {
        addEvents(received, batch);
      } catch (error) {
        return next(error as Error);
      }
      bytes += received.length;
      if (batch.length >= BATCH_EVENTS_MAX || bytes >= BATCH_BYTES_MAX) {
        full = batch;
        batch = [];
        bytes = 0;
      }
      next(null, full);
    },
    flush: (next) => next(null, batch.length > 0 ? batch : undefined),
  });
}

/**
 * Encodes `ReadReq` (streams.proto): 1 options. Options: 1 stream or 2 all, 3 direction (1 backwards), 5 count, 8 no
 * filter, 9 ids as text. Stream: 1 identifier (3 name), 2 revision, 3 start, 4 end. All: 1 position (1 commit, 2
 * prepare), 2 start, 3 end.
 */
function encodeRead({ source, from, maxCount }: ReadRequest): Buffer {
  const direction = from === 'end' ? varintField(3, 1) : Buffer.alloc(0);
  return bytesField(
    1,
    message(
      source === ALL ? bytesField(2, placeInLog(from)) : bytesField(1, placeInStream(source, from)),
      direction,
      varintField(5, maxCount),
      emptyField(8),
      bytesField(9, emptyField(2)),
    ),
  );
}

function placeInLog(from: ReadRequest['from']): Buffer {
  if (from === 'start') return emptyField(2);
  if (from === 'end') return emptyField(3);
  return bytesField(1, message(varintField(1, Number(from)), varintField(2, Number(from))));
}

function placeInStream(stream: string, from: ReadRequest['from']): Buffer {
  const identifier = bytesField(1, bytesField(3, stream));
  if (from === 'start') return message(identifier, emptyField(3));
  if (from === 'end') return message(identifier, emptyField(4));
  return message(identifier, varintField(2, Number(from)));
}
