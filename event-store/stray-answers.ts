import type { EventStoreDBClient } from '@eventstore/db-client';
import type { Duplex } from 'node:stream';

/** The client's own way to open its streams; it is protected, and the only place where an append stream can be met. */
interface OpensStreams {
  GRPCStreamCreator: (
    service: unknown,
    name: string,
    open: (service: unknown) => Duplex | Promise<Duplex>,
    ...rest: unknown[]
  ) => () => Promise<Duplex>;
}

/**
 * Makes a client bear answers to appends that it no longer waits for. When one append stream ends with an error, the
 * client forgets the pending appends of all streams of the process; an answer that another stream still brings then
 * finds nothing, and the TypeError of its listener would end the process. Whoever waited for it was told that the
 * outcome is unknown, and appends again under the same ids.
 *
 * @param onStray told of each such answer
 */
export function bearStrayAnswers(client: EventStoreDBClient, onStray: () => void): EventStoreDBClient {
  const opening = client as unknown as OpensStreams;
  const openAsIs = opening.GRPCStreamCreator;
  opening.GRPCStreamCreator = (service, name, open, ...rest) => {
    if (name !== 'appendToStream') return openAsIs(service, name, open, ...rest);
    return openAsIs(service, name, async (inner) => guarded(await open(inner), onStray), ...rest);
  };
  return client;
}

function guarded(stream: Duplex, onStray: () => void): Duplex {
  const listeners = stream.listeners('data') as ((answer: unknown) => void)[];
  stream.removeAllListeners('data');
  stream.on('data', (answer: unknown) => {
    for (const listener of listeners) {
      try {
        listener(answer);
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        onStray();
      }
    }
  });
  return stream;
}
