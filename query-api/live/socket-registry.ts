import type { RawData, WebSocket } from 'ws';
import type { Clock } from '../../runtime/clock.ts';
import { LIVE_LIMITS } from '../../schemas/live-protocol.ts';
import type { Connection, Follower } from './connection.ts';
import type { Conversation } from './conversation.ts';
import { nextPingAt } from './sweep.ts';

/** The open sockets of this process. */
export interface SocketRegistry {
  accept(socket: WebSocket, admitted: { readonly owner: string; readonly operates: boolean }): void;
  all(): Iterable<Connection>;
  size(): number;
  ofOwner(owner: string): number;
}

/** Keeps the open sockets. Their listeners are the same few functions for all of them. */
export function createSocketRegistry(options: {
  conversation: Conversation;
  /** Called when a socket is gone. */
  forget: (connection: Connection) => void;
  clock: Clock;
  random: () => number;
}): SocketRegistry {
  const { conversation, forget, clock, random } = options;
  const connections = new Map<WebSocket, Connection>();
  const socketsOf = new Map<string, number>();

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
    const left = (socketsOf.get(connection.owner) ?? 1) - 1;
    if (left > 0) socketsOf.set(connection.owner, left);
    else socketsOf.delete(connection.owner);
  }
  // After an error ws closes the socket by itself, with the close code that fits; `close` follows.
  const onError = (): void => undefined;
  return {
    size: () => connections.size,
    all: () => connections.values(),
    ofOwner: (owner) => socketsOf.get(owner) ?? 0,
    accept: (socket, { owner, operates }) => {
      const nowMs = clock.now();
      connections.set(socket, {
        ...{ socket, owner, operates },
        ...{ subscriptions: new Map<number, Follower>(), openedAtMs: nowMs, greeted: false },
        budget: { left: LIVE_LIMITS.messagesPerSecondMax, atMs: nowMs },
        ...{ heardAtMs: nowMs, nextPingAtMs: nextPingAt(nowMs, random()), fullSinceMs: null, closing: false },
      });
      socketsOf.set(owner, (socketsOf.get(owner) ?? 0) + 1);
      socket.on('message', onMessage).on('ping', onPing).on('close', onClose).on('error', onError);
    },
  };
}
