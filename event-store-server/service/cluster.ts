/**
 * The answers to a client's first questions to a server: the methods of the server, and the address of the cluster's
 * leader.
 */
import { bytesField, message, varintField } from '../../event-store/wire/protobuf.ts';

/** The version that this server reports: EventStoreDB 24.10 LTS. */
const SERVER_VERSION = '24.10.0';

/** Method names in lower case, with the features that a client asks for (`SupportedMethod`: 1 name, 2 service, 3 features). */
const SUPPORTED: readonly (readonly [service: string, method: string, ...features: string[]])[] = [
  ['event_store.client.streams.streams', 'read', 'position', 'events'],
  ['event_store.client.streams.streams', 'append'],
  ['event_store.client.streams.streams', 'batchappend', 'deadline_duration'],
  ['event_store.client.streams.streams', 'delete'],
  ['event_store.client.streams.streams', 'tombstone'],
  ['event_store.client.operations.operations', 'startscavenge'],
  ['event_store.client.operations.operations', 'stopscavenge'],
  ['event_store.client.gossip.gossip', 'read'],
  ['event_store.client.server_features.serverfeatures', 'getsupportedmethods'],
];

/** `SupportedMethods`: 1 methods, 2 version. */
export const SUPPORTED_METHODS: Buffer = message(
  ...SUPPORTED.map(([service, method, ...features]) =>
    bytesField(
      1,
      message(
        bytesField(1, method),
        bytesField(2, service),
        ...features.map((feature) => bytesField(3, feature)),
      ),
    ),
  ),
  bytesField(2, SERVER_VERSION),
);

/** The state `VNodeState.Leader`. */
const LEADER = 8;

/**
 * `ClusterInfo`: one member, which is alive and the leader, at the address the client used. Fields of `MemberInfo`: 1
 * instance id, 2 time stamp, 3 state, 4 is alive, 5 end point.
 */
export function clusterOf(instanceId: string, host: string, port: number, nowMs: number): Buffer {
  const endPoint = message(bytesField(1, host), varintField(2, port));
  const ticks = nowMs * 10_000;
  const member = message(
    bytesField(1, bytesField(2, instanceId)),
    varintField(2, ticks),
    varintField(3, LEADER),
    varintField(4, 1),
    bytesField(5, endPoint),
  );
  return bytesField(1, member);
}
