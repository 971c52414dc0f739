import type { RawData } from 'ws';
import type { Clock } from '../../runtime/clock.ts';
import {
  LIVE_CLOSE,
  LIVE_LIMITS,
  LIVE_PROTOCOL,
  ClientFrame,
} from '../../schemas/protocols/live-protocol.ts';
import { BEFORE_EVERYTHING } from '../change-feed/page.ts';
import { scopeOf } from '../change-feed/topic-scope.ts';
import { openBookmark, type Bookmark } from '../tokens/resume-token.ts';
import type { SealingKeys } from '../tokens/sealed-text.ts';
import type { CatchUp } from './catch-up.ts';
import type { Connection, Follower } from './connection.ts';
import type { Followers } from './followers.ts';
import { spendMessage } from './message-budget.ts';
import type { Sender } from './sender.ts';
import { fromBookmark, fromNothing, startOver } from './subscription.ts';

export interface ConversationOptions {
  readonly sender: Sender;
  readonly followers: Followers;
  readonly catchUp: CatchUp;
  readonly keys: SealingKeys;
  readonly clock: Clock;
  readonly feedAt: () => Bookmark | null;
  /** Called when a client begins to follow rows. */
  readonly feedWanted: () => void;
  /** Resolves true once `feedAt` is known, false when that takes too long. */
  readonly feedReady: () => Promise<boolean>;
  readonly sendAway: (connection: Connection) => void;
}

export function createConversation(options: ConversationOptions) {
  const { sender, clock } = options;

  const afford = (connection: Connection): boolean => {
    if (connection.closing) return false;
    const nowMs = clock.now();
    const budget = spendMessage(connection.budget, nowMs, LIVE_LIMITS.messagesPerSecondMax);
    connection.heardAtMs = nowMs;
    if (budget === null) {
      sender.close(connection, LIVE_CLOSE.tooManyMessages, 'more than 10 messages a second');
      return false;
    }
    connection.budget = budget;
    return true;
  };
  return {
    /** Handles a control frame of the WebSocket protocol, which counts as a message against the client's limit. */
    hearPing: (connection: Connection) => void afford(connection),
    hear: (connection: Connection, message: RawData, isBinary: boolean) => {
      if (!afford(connection)) return;
      const heard = readClientFrame(message, isBinary);
      if ('close' in heard) return sender.close(connection, heard.close, heard.why);
      if (!connection.greeted && heard.frame.type !== 'hello')
        return sender.close(connection, LIVE_CLOSE.badFrame, 'hello comes first');
      answer(options, connection, heard.frame);
    },
  };
}

/** Handles the messages of a client. */
export type Conversation = ReturnType<typeof createConversation>;

function answer(options: ConversationOptions, connection: Connection, frame: ClientFrame): void {
  switch (frame.type) {
    case 'hello':
      connection.greeted = true;
      return options.sender.say(connection, {
        type: 'welcome',
        protocol: LIVE_PROTOCOL,
        heartbeatMs: LIVE_LIMITS.heartbeatMs,
      });
    case 'subscribe':
      return subscribe(options, connection, frame);
    case 'unsubscribe':
      return unsubscribe(options, connection, frame.id);
    case 'pong':
      return;
    default:
      return frame satisfies never;
  }
}

function subscribe(
  options: ConversationOptions,
  connection: Connection,
  frame: Extract<ClientFrame, { type: 'subscribe' }>,
): void {
  const { sender, followers, catchUp, keys, feedAt, feedReady, sendAway } = options;
  const { id, topic, token } = frame;
  const { owner, subscriptions } = connection;
  if (subscriptions.has(id))
    return sender.say(connection, {
      type: 'error',
      id,
      code: 'BAD_REQUEST',
      message: 'This id is already subscribed on this socket.',
    });
  if (subscriptions.size >= LIVE_LIMITS.subscriptionsMax)
    return sender.close(
      connection,
      LIVE_CLOSE.policy,
      `at most ${LIVE_LIMITS.subscriptionsMax} subscriptions`,
    );
  const scope = scopeOf(topic, connection);
  if (!scope)
    return sender.say(connection, {
      type: 'error',
      id,
      code: 'NOT_FOUND',
      message: 'There is no such topic.',
    });
  const at = feedAt();
  if (at === null) {
    void feedReady().then((ready) => {
      if (connection.closing) return;
      if (ready) subscribe(options, connection, frame);
      else sendAway(connection);
    });
    return;
  }
  const bookmark = token === undefined ? null : openBookmark(keys, { owner, topic }, token);
  // The change feed does not deliver the figures, so this subscription need not wait for a position of the
  // feed.
  const since = scope.kind === 'metrics' ? BEFORE_EVERYTHING : at.position;
  const follower: Follower = {
    connection,
    id,
    topic,
    scope,
    token: token ?? '',
    round: 0,
    idleReads: 0,
    state: bookmark ? fromBookmark(bookmark, since) : fromNothing(since),
  };
  subscriptions.set(id, follower);
  followers.add(follower);
  if (scope.kind !== 'metrics') options.feedWanted();
  if (token !== undefined && !bookmark) sender.advance(follower, startOver('invalid', since));
  catchUp.enqueue(follower);
}

function unsubscribe({ followers, catchUp }: ConversationOptions, connection: Connection, id: number): void {
  const follower = connection.subscriptions.get(id);
  if (!follower) return;
  connection.subscriptions.delete(id);
  followers.remove(follower);
  catchUp.remove(follower);
  follower.round += 1;
}

type HeardFrame = { readonly frame: ClientFrame } | { readonly close: number; readonly why: string };

/** Parses a client's message. A message that is not a frame of the protocol ends the connection. */
function readClientFrame(message: RawData, isBinary: boolean): HeardFrame {
  if (isBinary) return { close: LIVE_CLOSE.unsupportedData, why: 'frames are text' };
  let value: unknown;
  try {
    value = JSON.parse(textOf(message));
  } catch {
    return { close: LIVE_CLOSE.badFrame, why: 'a frame must be one JSON object' };
  }
  const parsed = ClientFrame.safeParse(value);
  return parsed.success
    ? { frame: parsed.data }
    : { close: LIVE_CLOSE.badFrame, why: 'this is not a frame of the protocol' };
}

function textOf(message: RawData): string {
  if (Array.isArray(message)) return Buffer.concat(message).toString();
  return Buffer.isBuffer(message) ? message.toString() : Buffer.from(message).toString();
}
