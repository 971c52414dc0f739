import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../runtime/log/log.ts';
import { outageLog } from '../../runtime/log/outage-log.ts';
import { backoffDelayMs } from '../../schemas/backoff.ts';
import { CheckpointNotInLog } from '../errors.ts';
import type { Following, FollowOptions } from '../event-log.ts';
import type { Generations } from './generations.ts';
import { HEARTBEAT_PAUSES, startHeartbeat, type Heartbeat, type HeartbeatPauses } from './heartbeat.ts';
import { NoAnswer } from './no-answer.ts';
import { isConsumerTooSlow, isHandlerFailure, isOfTheStore, isPositionRefused } from '../store-faults.ts';

/** The wait before a new subscription after a subscription broke. */
const BACKOFF = { firstMs: 100, maxMs: 5_000 };
/** After a subscription that lived this long, the next wait is the shortest one again. */
const HEALTHY_AFTER_MS = 10_000;
/**
 * Most subscriptions in a row that a full buffer may end, when no event came in between. If a full buffer ends one
 * more, this counts as an outage.
 */
const TOO_SLOW_IN_A_ROW_MAX = 3;
/** Longest wait for a client that can subscribe. */
const CLIENT_MS_MAX = 5_000;

/** The request for a subscription, and the callbacks that get its events. */
export interface Subscribed extends Required<
  Pick<FollowOptions, 'filter' | 'onEvent' | 'onCheckpoint' | 'onCaughtUp'>
> {
  readonly after: bigint | 'start';
}

/**
 * Runs one subscription to `$all` over one transport until it ends or `stop` is aborted. Delivers in the order of the
 * log, each item after the callback for the previous item has finished. Resolves when no callback runs any more.
 *
 * @throws the error of the consumer or of the transport
 */
export type SubscribeToAll<Client> = (client: Client, asked: Subscribed, stop: AbortSignal) => Promise<void>;

/** The parts that a follower of the log needs. */
export interface FollowParts<Client> {
  readonly generations: Generations<Client>;
  readonly subscribe: SubscribeToAll<Client>;
  /** Resolves to true when the log has an event at the position, or when the store cannot answer. */
  readonly isInLog: (position: bigint) => Promise<boolean>;
  readonly log: Log;
  readonly heartbeat?: HeartbeatPauses;
}

/** The reason why a subscription ended, and whether it delivered anything. */
interface End {
  readonly cause: unknown;
  readonly hasMoved: boolean;
}

/**
 * Follows `$all` for ever. A subscription that breaks, or whose consumer throws, begins again at `after()`. Events,
 * checkpoints and `caughtUp` reach the consumer strictly in the order of the log.
 *
 * EventStoreDB ends a live subscription when a burst fills its buffer of 32 events. As long as each subscription
 * delivers something, the follower subscribes again at once and reports nothing (ADR 0108).
 */
export function followAll<Client>(parts: FollowParts<Client>, options: FollowOptions): Following {
  const { log } = parts;
  const stopping = new AbortController();
  const outage = outageLog(log, 'the subscription to the event store broke');
  const told: FollowOptions = {
    ...options,
    onCaughtUp: () => {
      outage.worked();
      return options.onCaughtUp?.();
    },
  };
  const ended = (async () => {
    let failures = 0;
    let tooSlowInARow = 0;
    while (!stopping.signal.aborted) {
      const startedAt = performance.now();
      const { cause, hasMoved } = await subscribeOnce(parts, told, stopping.signal);
      if (stopping.signal.aborted) return;
      tooSlowInARow = isConsumerTooSlow(cause) ? (hasMoved ? 1 : tooSlowInARow + 1) : 0;
      if (tooSlowInARow > 0 && tooSlowInARow <= TOO_SLOW_IN_A_ROW_MAX) continue;
      if (performance.now() - startedAt > HEALTHY_AFTER_MS) failures = 0;
      const error = await meaningOf(cause, parts, options);
      outage.failed(error);
      options.onInterrupted?.(error);
      // Only a new checkpoint can help, so even the first wait is the longest wait.
      failures = error instanceof CheckpointNotInLog ? Infinity : failures + 1;
      const waitMs = backoffDelayMs(BACKOFF, failures, Math.random());
      await sleep(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await ended;
    },
  };
}

/** The error for the consumer: its own error unchanged, or a named error of the store. */
async function meaningOf<Client>(
  cause: unknown,
  { generations, isInLog }: FollowParts<Client>,
  { after }: FollowOptions,
): Promise<Error> {
  if (isPositionRefused(cause) || isHandlerFailure(cause)) {
    const position = await Promise.resolve(after()).catch(() => 'start' as const);
    if (position !== 'start' && !(await isInLog(position)))
      return new CheckpointNotInLog(position, { cause });
  }
  if (isOfTheStore(cause)) return generations.unavailable('following $all', cause);
  return cause instanceof Error ? cause : new Error(String(cause));
}

/** Runs one subscription to its end and returns the reason for the end. Never throws. */
async function subscribeOnce<Client>(
  { generations, subscribe, heartbeat = HEARTBEAT_PAUSES }: FollowParts<Client>,
  options: FollowOptions,
  stop: AbortSignal,
): Promise<End> {
  let hasMoved = false;
  let beats: Heartbeat | undefined;
  const moved = (): void => {
    hasMoved = true;
    beats?.moved();
  };
  const giveUp = new AbortController();
  try {
    const after = await options.after();
    const generation = await generations.current(CLIENT_MS_MAX, 'following $all');
    // A connection that stopped without a message brings no error; gRPC's keepalive notices it only after 20 s.
    beats = startHeartbeat(heartbeat, () => {
      void generations.doubt(generation, new NoAnswer()).then((works) => works || giveUp.abort());
    });
    const asked: Subscribed = {
      after,
      filter: options.filter,
      onEvent: (event, bytes) => {
        moved();
        return options.onEvent(event, bytes);
      },
      onCheckpoint: (position) => {
        moved();
        return options.onCheckpoint?.(position);
      },
      onCaughtUp: () => options.onCaughtUp?.(),
    };
    await subscribe(generation.client, asked, AbortSignal.any([stop, giveUp.signal]));
    return { cause: new NoAnswer(), hasMoved };
  } catch (cause) {
    return { cause, hasMoved };
  } finally {
    beats?.stop();
  }
}
