import type { EventStoreDBClient } from '@eventstore/db-client';
import type { Duplex } from 'node:stream';

/** What the client's gRPC stub can do besides its named calls. */
export interface Stub {
  makeServerStreamRequest(
    method: string,
    encode: (request: Request) => Buffer,
    decode: (bytes: Buffer) => unknown,
    ...rest: unknown[]
  ): Duplex;
  read: (request: Request, ...rest: unknown[]) => Duplex;
}

/** A message of the client that is ready to be sent. */
export interface Request {
  serializeBinary(): Uint8Array;
}

/** Opens a stream with the stub of the node the client has chosen. */
export type OpenStream = (stub: Stub) => Duplex | Promise<Duplex>;

interface CreatesStreams {
  GRPCStreamCreator: (
    service: unknown,
    name: string,
    open: OpenStream,
    ...rest: unknown[]
  ) => () => Promise<Duplex>;
}

/**
 * Puts `around` between a client and the streams it opens. The client's own way to open them is protected; it is the
 * only place where they can be met, and a test of each who uses it fails as soon as the client works in another way.
 *
 * @param around told the client's name of the call; answers how its stream is opened
 */
export function openStreamsThrough(
  client: EventStoreDBClient,
  around: (name: string, open: OpenStream) => OpenStream,
): EventStoreDBClient {
  const creating = client as unknown as CreatesStreams;
  const createAsIs = creating.GRPCStreamCreator;
  creating.GRPCStreamCreator = (service, name, open, ...rest) =>
    createAsIs(service, name, around(name, open), ...rest);
  return client;
}
