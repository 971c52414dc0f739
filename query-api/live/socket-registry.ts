import type { RawData, WebSocket } from 'ws';
import type { Clock } from '../../runtime/clock.ts';
import { LIVE_LIMITS } from '../../schemas/protocols/live-protocol.ts';
import type { Connection, Follower } from './connection.ts';
import type { Conversation } from './conversation.ts';
import { nextPingAt } from './sweep.ts';

/** Keeps the open sockets. All sockets share the same few listener functions. */
export function createSocketRegistry(options: {
  conversation: Conversation;
  /** Called when a socket is closed. */
  forget: (connection: Connection) => void;
  clock: Clock;
  random: () => number;
}) {
  const { conversation, forget, clock, random } = options;
  const connections = new Map<WebSocket, Connection>();
  const ofOwners = tally();
  const ofAddresses = tally();

  function onMessage(this: WebSocket, message: RawData, isBinary: boolean): void {
    const connection = connections.get(this);
    if (connection) conversation.hear(connection, message, isBinary);
  }
  function onPing(this: WebSocket): void {
    const connection = connections.get(this);
    if (connection) conversation.hearPing(connection);
  }
  function onClose(this: WebSocket): void {
    const connection = connections.get(this);
    if (!connection) return;
    connection.closing = true;
    forget(connection);
    connections.delete(this);
    ofOwners.remove(connection.owner);
    ofAddresses.remove(connection.clientKey);
  }
  // After an error ws closes the socket with the right close code. The event `close` follows.
  const onError = (): void => undefined;
  return {
    size: () => connections.size,
    all: () => connections.values(),
    ofOwner: ofOwners.of,
    /** Number of sockets of one address, by the key that limits use. */
    ofAddress: ofAddresses.of,
    accept: (
      socket: WebSocket,
      {
        owner,
        operates,
        clientKey,
      }: { readonly owner: string; readonly operates: boolean; readonly clientKey: string },
    ) => {
      const nowMs = clock.now();
      connections.set(socket, {
        socket,
        owner,
        operates,
        clientKey,
        subscriptions: new Map<number, Follower>(),
        openedAtMs: nowMs,
        greeted: false,
        budget: { left: LIVE_LIMITS.messagesPerSecondMax, atMs: nowMs },
        heardAtMs: nowMs,
        nextPingAtMs: nextPingAt(nowMs, random()),
        fullSinceMs: null,
        closing: false,
      });
      ofOwners.add(owner);
      ofAddresses.add(clientKey);
      socket.on('message', onMessage).on('ping', onPing).on('close', onClose).on('error', onError);
    },
  };
}

/** Counts how often each name occurs. */
function tally() {
  const counts = new Map<string, number>();
  return {
    of: (name: string): number => counts.get(name) ?? 0,
    add: (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1),
    remove: (name: string): void => {
      const left = (counts.get(name) ?? 1) - 1;
      if (left > 0) counts.set(name, left);
      else counts.delete(name);
    },
  };
}
