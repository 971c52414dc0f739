import type { EventStoreDBClient } from '@eventstore/db-client';
import type { Duplex } from 'node:stream';
import { openStreamsThrough } from './stream-creator.ts';

/**
 * Makes a client bear answers to appends that it no longer waits for. When one append stream ends with an error, the
 * client forgets the pending appends of all streams of the process; an answer that another stream still brings then
 * finds nothing, and the TypeError of its listener would end the process. Whoever waited for it was told that the
 * outcome is unknown, and appends again under the same ids.
 *
 * The client also queues appends while a stream's buffer is full, and rejects what is queued when the stream ends, in
 * a promise that nobody can catch: that too would end the process. So the stream never says that it is full. What
 * would have waited in the queue waits in the stream's buffer; it is as large, and bounded by the appends in flight.
 *
 * @param onStray told of each such answer
 */
export function bearStrayAnswers(client: EventStoreDBClient, onStray: () => void): EventStoreDBClient {
  return openStreamsThrough(client, (name, open) =>
    name === 'appendToStream' ? async (stub) => guarded(await open(stub), onStray) : open,
  );
}

function guarded(stream: Duplex, onStray: () => void): Duplex {
  const write = stream.write.bind(stream) as (message: unknown) => boolean;
  stream.write = (message: unknown) => {
    write(message);
    return true;
  };
  const listeners = stream.listeners('data') as ((answer: unknown) => void)[];
  stream.removeAllListeners('data');
  stream.on('data', (answer: unknown) => {
    for (const listener of listeners)
      try {
        listener(answer);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        onStray();
      }
  });
  return stream;
}
