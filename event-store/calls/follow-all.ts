import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../runtime/log.ts';
import { outageLog } from '../../runtime/outage-log.ts';
import { backoffDelayMs } from '../../schemas/backoff.ts';
import { CheckpointNotInLog } from '../errors.ts';
import type { Following, FollowOptions } from '../event-log.ts';
import type { Generations } from './generations.ts';
import { NoAnswer } from './no-answer.ts';
import { isConsumerTooSlow, isHandlerFailure, isOfTheStore, isPositionRefused } from '../store-faults.ts';

/** The wait before a subscription that broke begins again. */
const BACKOFF = { firstMs: 100, maxMs: 5_000 };
/** A subscription that lived this long was healthy: the next break begins with the shortest wait again. */
const HEALTHY_AFTER_MS = 10_000;
/** Ends of one reason without a single event between them that count as ordinary. */
const TOO_SLOW_IN_A_ROW_MAX = 3;
/** How often the server of a subscription that brings nothing is asked whether it is there. */
const HEARTBEAT_MS = 2_000;
/** Longest wait for a client to subscribe with. */
const CLIENT_MS_MAX = 5_000;

/** What a subscription is asked for, and who is given what comes of it. */
export interface Subscribed extends Required<
  Pick<FollowOptions, 'filter' | 'onEvent' | 'onCheckpoint' | 'onCaughtUp'>
> {
  readonly after: bigint | 'start';
}

/**
 * Runs one subscription to `$all` over some transport until it ends or `stop` is aborted. Everything comes in the order
 * of the log, each thing after the one before was handled. Resolves when no handler runs any more.
 *
 * @throws what the consumer throws or the transport says
 */
export type SubscribeToAll<Client> = (client: Client, asked: Subscribed, stop: AbortSignal) => Promise<void>;

/** How a log is followed. */
export interface FollowParts<Client> {
  readonly generations: Generations<Client>;
  readonly subscribe: SubscribeToAll<Client>;
  /** Whether the log has an event at a position; true as well when nobody can say. */
  readonly isInLog: (position: bigint) => Promise<boolean>;
  readonly log: Log;
}

/** Why a subscription ended, and whether it had brought anything. */
interface End {
  readonly cause: unknown;
  readonly hasMoved: boolean;
}

/**
 * Follows `$all` for ever. A subscription that breaks, or whose consumer throws, begins again at `after()`. Events,
 * checkpoints and `caughtUp` reach the consumer strictly in the order of the log.
 *
 * EventStoreDB ends a live subscription when a burst fills its buffer of 32 events. As long as each subscription brings
 * something, that is taken up at once and told to nobody (ADR 0108).
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
      // Nothing but a new checkpoint helps, so the wait is the longest at once.
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

/** The error that the consumer gets: its own error unchanged, an error of the store by name. */
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

/** Runs one subscription to its end and returns why it ended; never throws. */
async function subscribeOnce<Client>(
  { generations, subscribe }: FollowParts<Client>,
  options: FollowOptions,
  stop: AbortSignal,
): Promise<End> {
  let hasMoved = false;
  let isQuiet = true;
  const moved = (): void => {
    hasMoved = true;
    isQuiet = false;
  };
  const giveUp = new AbortController();
  let heartbeat: NodeJS.Timeout | undefined;
  try {
    const after = await options.after();
    const generation = await generations.current(CLIENT_MS_MAX, 'following $all');
    // A connection that died in silence brings no error: gRPC's own keepalive notices it after 20 s.
    heartbeat = setInterval(() => {
      if (isQuiet)
        void generations.doubt(generation, new NoAnswer()).then((works) => works || giveUp.abort());
      isQuiet = true;
    }, HEARTBEAT_MS);
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
    clearInterval(heartbeat);
  }
}
