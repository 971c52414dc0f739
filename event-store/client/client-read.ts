import { BACKWARDS, END, FORWARDS, START, StreamNotFoundError } from '@eventstore/db-client';
import type { RecordedEvent } from '../event-log.ts';
import { ALL, type OpenRead } from '../calls/watched-read.ts';
import type { ClientConnection } from './client-connection.ts';
import { recordedEvent, type RecordedByClient } from './client-event.ts';

/** The part of the client's reads that Docket uses. */
type ClientRead = AsyncIterable<{ event?: RecordedByClient }> & {
  readonly readableEnded: boolean;
  cancel(): Promise<void>;
  destroy(error: Error): unknown;
};

/** Reads through `@eventstore/db-client`. */
export const readByClient: OpenRead<ClientConnection> = ({ client }, { source, from, maxCount }) => {
  const direction = from === 'end' ? BACKWARDS : FORWARDS;
  const read: ClientRead =
    source === ALL
      ? client.readAll({ direction, maxCount, fromPosition: positionOf(from) })
      : client.readStream(source, { direction, maxCount, fromRevision: revisionOf(from) });
  return {
    batches: () => batchesOf(read),
    abandon: () => {
      read.destroy(new Error('abandoned'));
    },
  };
};

/** Yields every event as its own batch; none for a stream that does not exist. */
async function* batchesOf(read: ClientRead): AsyncGenerator<readonly RecordedEvent[], void, undefined> {
  try {
    for await (const { event } of read) if (event) yield [recordedEvent(event)];
  } catch (error) {
    if (!(error instanceof StreamNotFoundError)) throw error;
  } finally {
    // `cancel` rejects when the call never began.
    if (!read.readableEnded) void read.cancel().catch(() => undefined);
  }
}

function positionOf(from: bigint | 'start' | 'end') {
  if (from === 'start') return START;
  return from === 'end' ? END : { commit: from, prepare: from };
}

function revisionOf(from: bigint | 'start' | 'end') {
  if (from === 'start') return START;
  return from === 'end' ? END : from;
}
