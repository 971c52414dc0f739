import type { WebSocket } from 'ws';
import { LIVE_LIMITS } from '../../schemas/protocols/live-protocol.ts';
import type { MessageBudget } from './message-budget.ts';
import type { Subscription } from './subscription.ts';
import type { TopicScope } from '../change-feed/topic-scope.ts';

/**
 * One socket and its subscriptions. The fields are plain values, because ten thousand connections must need little
 * memory.
 */
export interface Connection {
  readonly socket: WebSocket;
  readonly owner: string;
  /** The key under which rate limits count the client: its address or address range. */
  readonly clientKey: string;
  /** True when the connection may follow the `ops:` topics, which is decided at the opening. */
  readonly operates: boolean;
  readonly subscriptions: Map<number, Follower>;
  readonly openedAtMs: number;
  greeted: boolean;
  budget: MessageBudget;
  heardAtMs: number;
  nextPingAtMs: number;
  /** The time since which the client reads more slowly than the server sends; null while there is room. */
  fullSinceMs: number | null;
  closing: boolean;
}

/** A subscription of a connection: its pure state, and the data that is needed to send its messages. */
export interface Follower {
  readonly connection: Connection;
  readonly id: number;
  readonly topic: string;
  readonly scope: TopicScope;
  state: Subscription;
  /** The client's token, which is the `previous` of the next delta. */
  token: string;
  /** Incremented when the subscription starts over, so that an earlier page is dropped. */
  round: number;
  /** Number of reads in a row without progress. */
  idleReads: number;
}

/** A socket with fewer waiting bytes than this has room for more. */
const ROOM_BYTES = 64 * 1024;

/** True when the client reads fast enough. Records the time at which the client became too slow. */
export function hasRoom(connection: Connection, nowMs: number): boolean {
  const room = connection.socket.bufferedAmount < ROOM_BYTES;
  if (!room) connection.fullSinceMs ??= nowMs;
  return room && connection.fullSinceMs === null;
}

/** Number of bytes that wait for this client, in its socket and in memory. */
export function waitingBytes(connection: Connection): number {
  let bytes = connection.socket.bufferedAmount;
  for (const follower of connection.subscriptions.values()) bytes += follower.state.heldBytes;
  return bytes;
}

/** True when a client has been slow for too long, or when too many bytes wait for it (D32). */
export function isTooSlow(connection: Connection, nowMs: number): boolean {
  if (connection.fullSinceMs === null) return false;
  return (
    nowMs - connection.fullSinceMs > LIVE_LIMITS.bufferedMsMax ||
    waitingBytes(connection) > LIVE_LIMITS.bufferedBytesMax
  );
}
