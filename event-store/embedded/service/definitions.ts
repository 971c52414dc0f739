/**
 * The methods this server has, for grpc-js. Messages stay bytes on both sides: requests are read and answers
 * written by `wire/`. Every other method (persistent subscriptions, projections, users) is answered
 * UNIMPLEMENTED by grpc-js itself.
 */
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';

const asTheyAre = (bytes: Buffer): Buffer => bytes;

const method = (
  path: string,
  requestStream: boolean,
  responseStream: boolean,
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
  read: method(`${STREAMS}/Read`, false, true),
  append: method(`${STREAMS}/Append`, true, false),
  batchAppend: method(`${STREAMS}/BatchAppend`, true, true),
  delete: method(`${STREAMS}/Delete`, false, false),
  tombstone: method(`${STREAMS}/Tombstone`, false, false),
} satisfies ServiceDefinition;

export const GOSSIP_SERVICE = {
  read: method('/event_store.client.gossip.Gossip/Read', false, false),
} satisfies ServiceDefinition;

export const SERVER_FEATURES_SERVICE = {
  getSupportedMethods: method(
    '/event_store.client.server_features.ServerFeatures/GetSupportedMethods',
    false,
    false,
  ),
} satisfies ServiceDefinition;

const OPERATIONS = '/event_store.client.operations.Operations';

export const OPERATIONS_SERVICE = {
  startScavenge: method(`${OPERATIONS}/StartScavenge`, false, false),
  stopScavenge: method(`${OPERATIONS}/StopScavenge`, false, false),
} satisfies ServiceDefinition;
