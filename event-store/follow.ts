import { eventTypeFilter, START, streamNameFilter, type AllStreamSubscription } from '@eventstore/db-client';
import type { Log } from '../runtime/log.ts';
import { outageLog } from '../runtime/outage-log.ts';
import type { ClientGenerations } from './client-generations.ts';
import { CheckpointNotInLog } from './errors.ts';
import type { AllFilter, Following, FollowOptions } from './event-log.ts';
import { NoAnswer } from './no-answer.ts';
import { inTurn } from './in-turn.ts';
import { readEventAt } from './read.ts';
import { recordedEvent, type RecordedByClient } from './recorded-event.ts';
import { isConsumerTooSlow, isHandlerFailure, isOfTheStore, isPositionRefused } from './store-faults.ts';

/** Backoff of a subscription that broke: doubled, with full jitter, from the first up to the last. */
const RESUBSCRIBE_AFTER_MS = 100;
const RESUBSCRIBE_AFTER_MAX_MS = 5_000;
/** A subscription that lived this long was healthy: the next break starts from the first backoff again. */
const HEALTHY_AFTER_MS = 10_000;
/** Considered events between two checkpoints of a filtered subscription are 32 times this. */
const CHECKPOINT_INTERVAL = 32;
/** Ends of one reason without a single event between them that count as ordinary. */
const TOO_SLOW_IN_A_ROW_MAX = 3;
/** How often the server of a subscription that brings nothing is asked whether it is there. */
const HEARTBEAT_MS = 2_000;
/** Longest wait for a client to subscribe with. */
const CLIENT_MS_MAX = 5_000;

/** Why a subscription ended, and whether it had brought anything. */
interface End {
  readonly cause: unknown;
  readonly hasMoved: boolean;
}

/**
 * Follows `$all` for ever: a subscription that breaks, or whose consumer throws, is taken up again from `after()`.
 * Events, checkpoints and `caughtUp` reach the consumer strictly in the order of the log.
 *
 * EventStoreDB ends a live subscription when a burst fills its buffer of 32 events. As long as each subscription brings
 * something, that is taken up at once and told to nobody (ADR 0108).
 */
export function followAll(generations: ClientGenerations, log: Log, options: FollowOptions): Following {
  const stopping = new AbortController();
  const outage = outageLog(log, 'the subscription to the event store broke');
  const told: FollowOptions = {
    ...options,
    onCaughtUp: () => (outage.worked(), options.onCaughtUp?.()),
  };
  const ended = (async () => {
    let [backoffMs, tooSlowInARow] = [RESUBSCRIBE_AFTER_MS, 0];
    while (!stopping.signal.aborted) {
      const startedAt = performance.now();
      const { cause, hasMoved } = await subscribeOnce(generations, told, stopping.signal);
      if (stopping.signal.aborted) return;
      tooSlowInARow = isConsumerTooSlow(cause) ? (hasMoved ? 1 : tooSlowInARow + 1) : 0;
      if (tooSlowInARow > 0 && tooSlowInARow <= TOO_SLOW_IN_A_ROW_MAX) continue;
      if (performance.now() - startedAt > HEALTHY_AFTER_MS) backoffMs = RESUBSCRIBE_AFTER_MS;
      const error = await meaningOf(cause, generations, options);
      outage.failed(error);
      options.onInterrupted?.(error);
      if (error instanceof CheckpointNotInLog) backoffMs = RESUBSCRIBE_AFTER_MAX_MS;
      await pause(backoffMs * Math.random(), stopping.signal);
      backoffMs = Math.min(backoffMs * 2, RESUBSCRIBE_AFTER_MAX_MS);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await ended;
    },
  };
}

/** What the consumer is told: an error of its own unchanged, the store's by name. */
async function meaningOf(
  cause: unknown,
  generations: ClientGenerations,
  { after }: FollowOptions,
): Promise<Error> {
  if (isPositionRefused(cause) || isHandlerFailure(cause)) {
    const position = await Promise.resolve(after()).catch(() => 'start' as const);
    if (position !== 'start' && !(await isInLog(generations, position)))
      return new CheckpointNotInLog(position, { cause });
  }
  if (isOfTheStore(cause)) return generations.unavailable('following $all', cause);
  return cause instanceof Error ? cause : new Error(String(cause));
}

/** True as well when nobody can say: an outage must not look like another log. */
async function isInLog(generations: ClientGenerations, position: bigint): Promise<boolean> {
  try {
    return (await readEventAt(generations, CLIENT_MS_MAX, position)) !== null;
  } catch {
    return true;
  }
}

/** Runs one subscription to its end and answers why it ended; never throws. */
async function subscribeOnce(
  generations: ClientGenerations,
  options: FollowOptions,
  stop: AbortSignal,
): Promise<End> {
  let subscription: AllStreamSubscription | undefined;
  let [hasMoved, isQuiet] = [false, true];
  const moved = () => ([hasMoved, isQuiet] = [true, false]);
  const cancel = () => void subscription?.unsubscribe().catch(() => undefined);
  let heartbeat: NodeJS.Timeout | undefined;
  try {
    const after = await options.after();
    const marks = inTurn<{ event?: RecordedByClient }>();
    const generation = await generations.current(CLIENT_MS_MAX, 'following $all');
    const { client } = generation;
    subscription = client.subscribeToAll({
      fromPosition: after === 'start' ? START : { commit: after, prepare: after },
      filter: clientFilter(options.filter, (position) =>
        marks.add(() => (moved(), options.onCheckpoint?.(position))),
      ),
    });
    marks.watch(subscription);
    subscription.on('caughtUp', () => marks.add(() => options.onCaughtUp?.()));
    stop.addEventListener('abort', cancel, { once: true });
    if (stop.aborted) cancel();
    // A connection that died in silence brings no error: gRPC's own keepalive notices it after 20 s.
    heartbeat = setInterval(() => {
      if (isQuiet) void generations.doubt(generation, new NoAnswer()).then((works) => works || cancel());
      isQuiet = true;
    }, HEARTBEAT_MS);
    await marks.run(
      subscription,
      ({ event }) => {
        if (!event) return;
        moved();
        return options.onEvent(recordedEvent(event));
      },
      stop,
    );
    return { cause: new NoAnswer(), hasMoved };
  } catch (cause) {
    return { cause, hasMoved };
  } finally {
    clearInterval(heartbeat);
    stop.removeEventListener('abort', cancel);
    // Without a listener a late `error` of the cancelled call would end the process.
    subscription?.on('error', () => undefined);
    cancel();
  }
}

function clientFilter(filter: AllFilter, onCheckpoint: (position: bigint) => void) {
  const shape = {
    maxSearchWindow: 32,
    checkpointInterval: CHECKPOINT_INTERVAL,
    checkpointReached: (_subscription: unknown, position: { commit: bigint }) =>
      onCheckpoint(position.commit),
  };
  return 'streamPrefixes' in filter
    ? streamNameFilter({ prefixes: [...filter.streamPrefixes], ...shape })
    : eventTypeFilter({ prefixes: [...filter.eventTypePrefixes], ...shape });
}

async function pause(ms: number, stop: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    stop.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}
