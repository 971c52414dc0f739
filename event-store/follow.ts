import { eventTypeFilter, START, streamNameFilter, type AllStreamSubscription } from '@eventstore/db-client';
import type { Log } from '../runtime/log.ts';
import type { ClientGenerations } from './client-generations.ts';
import { inTurn } from './in-turn.ts';
import type { AllFilter, Following, FollowOptions } from './event-log.ts';
import { recordedEvent, type RecordedByClient } from './recorded-event.ts';

/** Backoff of a subscription that broke: doubled, with full jitter, from the first up to the last. */
const RESUBSCRIBE_AFTER_MS = 100;
const RESUBSCRIBE_AFTER_MAX_MS = 5_000;
/** A subscription that lived this long was healthy: the next break starts from the first backoff again. */
const HEALTHY_AFTER_MS = 10_000;
/** Considered events between two checkpoints of a filtered subscription are 32 times this. */
const CHECKPOINT_INTERVAL = 32;

/**
 * Follows `$all` for ever: a subscription that breaks, or whose consumer throws, is taken up again from `after()`.
 * Events, checkpoints and `caughtUp` reach the consumer strictly in the order of the log.
 */
export function followAll(generations: ClientGenerations, log: Log, options: FollowOptions): Following {
  const stopping = new AbortController();
  const ended = (async () => {
    for (let backoffMs = RESUBSCRIBE_AFTER_MS; !stopping.signal.aborted;) {
      const startedAt = performance.now();
      const cause = await subscribeOnce(generations, options, stopping.signal);
      if (stopping.signal.aborted) return;
      if (performance.now() - startedAt > HEALTHY_AFTER_MS) backoffMs = RESUBSCRIBE_AFTER_MS;
      log.warn({ err: cause, backoffMs }, 'subscription interrupted; it will be taken up again');
      options.onInterrupted?.(cause);
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

/** Runs one subscription to its end and answers why it ended; never throws. */
async function subscribeOnce(
  generations: ClientGenerations,
  options: FollowOptions,
  stop: AbortSignal,
): Promise<Error> {
  let subscription: AllStreamSubscription | undefined;
  const cancel = () => void subscription?.unsubscribe();
  try {
    const after = await options.after();
    const marks = inTurn<{ event?: RecordedByClient }>();
    const { client } = await generations.current();
    subscription = client.subscribeToAll({
      fromPosition: after === 'start' ? START : { commit: after, prepare: after },
      filter: clientFilter(options.filter, (position) => marks.add(() => options.onCheckpoint?.(position))),
    });
    marks.watch(subscription);
    subscription.on('caughtUp', () => marks.add(() => options.onCaughtUp?.()));
    stop.addEventListener('abort', cancel, { once: true });
    if (stop.aborted) cancel();
    await marks.run(
      subscription,
      ({ event }) => (event ? options.onEvent(recordedEvent(event)) : undefined),
      stop,
    );
    return new Error('The event store ended the subscription.');
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
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
