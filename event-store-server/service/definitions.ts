/**
 * The methods of this server, for grpc-js. Messages are bytes on both sides: `wire/` reads requests and writes
 * answers. grpc-js itself answers every other method (persistent subscriptions, projections, users) with
 * UNIMPLEMENTED.
 */
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';

interface Streams {
  readonly requestStream?: boolean;
  readonly responseStream?: boolean;
}

const asTheyAre = (bytes: Buffer): Buffer => bytes;

/** @param streams the sides that send more than one message */
const method = (
  path: string,
  { requestStream = false, responseStream = false }: Streams = {},
): MethodDefinition<Buffer, Buffer> => ({
  path,
  requestStream,
  responseStream,
  requestSerialize: asTheyAre,
  requestDeserialize: asTheyAre,
  responseSerialize: asTheyAre,
  responseDeserialize: asTheyAre,
});

const STREAMS = '/event_store.client.streams.Streams';

export const STREAMS_SERVICE = {
  read: method(`${STREAMS}/Read`, { responseStream: true }),
  append: method(`${STREAMS}/Append`, { requestStream: true }),
  batchAppend: method(`${STREAMS}/BatchAppend`, { requestStream: true, responseStream: true }),
  delete: method(`${STREAMS}/Delete`),
  tombstone: method(`${STREAMS}/Tombstone`),
} satisfies ServiceDefinition;

export const GOSSIP_SERVICE = {
  read: method('/event_store.client.gossip.Gossip/Read'),
} satisfies ServiceDefinition;

export const SERVER_FEATURES_SERVICE = {
  getSupportedMethods: method('/event_store.client.server_features.ServerFeatures/GetSupportedMethods'),
} satisfies ServiceDefinition;

const OPERATIONS = '/event_store.client.operations.Operations';

export const OPERATIONS_SERVICE = {
  startScavenge: method(`${OPERATIONS}/StartScavenge`),
  stopScavenge: method(`${OPERATIONS}/StopScavenge`),
} satisfies ServiceDefinition;
