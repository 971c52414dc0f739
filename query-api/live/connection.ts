import type { WebSocket } from 'ws';
import { LIVE_LIMITS } from '../../schemas/live-protocol.ts';
import type { MessageBudget } from './message-budget.ts';
import type { Subscription } from './subscription.ts';
import type { TopicScope } from '../change-feed/topic-scope.ts';

/** One socket and what it follows. Plain values only: ten thousand of these must stay small. */
export interface Connection {
  readonly socket: WebSocket;
  readonly owner: string;
  /** The address it came from, as limits count. */
  readonly clientKey: string;
  /** Whether the connection may follow the `ops:` topics; decided when it was opened. */
  readonly operates: boolean;
  readonly subscriptions: Map<number, Follower>;
  readonly openedAtMs: number;
  greeted: boolean;
  budget: MessageBudget;
  heardAtMs: number;
  nextPingAtMs: number;
  /** Since when the client takes less than it is sent; null while there is room. */
  fullSinceMs: number | null;
  closing: boolean;
}

/** A subscription of a connection: the pure state, and what it takes to send from it. */
export interface Follower {
  readonly connection: Connection;
  readonly id: number;
  readonly topic: string;
  readonly scope: TopicScope;
  state: Subscription;
  /** The token the client holds; the `previous` of the next delta. */
  token: string;
  /** Grows when the subscription starts over, so that a page read before that is dropped. */
  round: number;
  /** Reads that brought it nowhere. */
  idleReads: number;
}

/** Less than this waiting in a socket counts as room for more. */
const ROOM_BYTES = 64 * 1024;

/** Whether the client keeps up. Marks the moment it stopped to. */
export function hasRoom(connection: Connection, nowMs: number): boolean {
  const room = connection.socket.bufferedAmount < ROOM_BYTES;
  if (!room) connection.fullSinceMs ??= nowMs;
  return room && connection.fullSinceMs === null;
}

/** Bytes that wait for this client, in its socket and held for it. */
export function waitingBytes(connection: Connection): number {
  let bytes = connection.socket.bufferedAmount;
  for (const follower of connection.subscriptions.values()) bytes += follower.state.heldBytes;
  return bytes;
}

/** Whether a client has been slow for too long or too much waits for it (D32). */
export function isTooSlow(connection: Connection, nowMs: number): boolean {
  if (connection.fullSinceMs === null) return false;
  return (
    nowMs - connection.fullSinceMs > LIVE_LIMITS.bufferedMsMax ||
    waitingBytes(connection) > LIVE_LIMITS.bufferedBytesMax
  );
}
