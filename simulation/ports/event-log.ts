import { LogUnavailable } from '../../event-store/errors.ts';
import type { EventLog, Following, FollowOptions, RecordedEvent } from '../../event-store/event-log.ts';
import { createEventRing } from '../../event-store/live-tail/event-ring.ts';
import { shareTail } from '../../event-store/live-tail/share-tail.ts';
import { ask } from '../engine/network.ts';
import { runInside } from '../engine/simulated-time.ts';
import type { Life, World } from '../engine/world.ts';
import { passes, type LogServer } from './log-server.ts';

/** Longest wait of one process for one answer of the log. */
const TIMEOUT_MS = 400;
const RESUBSCRIBE_MS = 150;

/** Small limits, so that a slightly slow reader of the shared buffer falls behind. */
const ringLimits = { itemsMax: 6, bytesMax: Infinity, takenItemsMax: 2 };
const silent = { info: () => undefined, warn: () => undefined };

/**
 * The log for one run of a process, over an unreliable network. Its followers share one subscription, by the
 * product's own code.
 */
export function simulatedLog(
  world: World,
  life: Life,
  server: LogServer,
  createRing: typeof createEventRing = createEventRing,
): EventLog {
  const asking = <T>(what: string, kind: 'reads' | 'changes', work: () => T): Promise<T> => {
    const asked = server.generation();
    const effect = (): T => {
      // A request to a replaced server never reaches the new server.
      if (server.generation() !== asked) throw new LogUnavailable(what);
      return work();
    };
    return ask(world, life, {
      what,
      changes: kind === 'changes',
      effect,
      timeoutMs: TIMEOUT_MS,
      mayRepeat: kind === 'changes',
      unavailable: () => new LogUnavailable(what),
    });
  };
  async function* readStream(stream: string, fromRevision = 0n): AsyncGenerator<RecordedEvent> {
    const read = () => (server.streams.get(stream) ?? []).slice(Number(fromRevision));
    yield* await asking(`reads ${stream}`, 'reads', read);
  }
  const asked: Omit<EventLog, 'follow'> = {
    append: (stream, events, expected) => {
      const what = `appends ${events.map(({ type }) => type).join(', ')} to ${stream} at ${expected}`;
      return asking(what, 'changes', () => server.append(stream, events, expected));
    },
    readStream,
    readLast: (stream) =>
      asking(`reads ${stream}`, 'reads', () => server.streams.get(stream)?.at(-1) ?? null),
    readAll: async function* (after, filter, maxCount = Infinity) {
      const from = after === 'start' ? -1n : after;
      const read = () => server.all.filter((event) => event.position > from && passes(event, filter));
      yield* (await asking('reads $all', 'reads', read)).slice(0, maxCount);
    },
    eventAt: (position) => {
      const read = () => server.all.find((event) => event.position === position) ?? null;
      return asking(`reads position ${position}`, 'reads', read);
    },
    head: () => asking('reads the head', 'reads', () => server.head()),
    setMaxAge: () => asking('sets $maxAge', 'changes', () => undefined),
    close: () => Promise.resolve(),
  };
  const own = (options: FollowOptions): Following => follow(world, life, server, options);
  const shared = shareTail({ ...asked, follow: own }, silent, { limits: ringLimits, createRing });
  return { ...asked, follow: (options) => shared(withRepeatedEvents(world, options)) };
}

/** Delivers an event twice now and then (D29). */
function withRepeatedEvents(world: World, options: FollowOptions): FollowOptions {
  return {
    ...options,
    onEvent: async (event) => {
      await options.onEvent(event);
      if (world.random.chance(world.weather().duplicate)) await options.onEvent(event);
    },
  };
}

/** Delivers one event after the other. Now and then the subscription breaks. */
function follow(world: World, life: Life, server: LogServer, options: FollowOptions): Following {
  let stopped = false;
  const { random } = world;
  const pause = (ms: number): Promise<void> => new Promise((resolve) => void life.inside.later(ms, resolve));
  const appended = (): Promise<void> =>
    new Promise((resolve) => {
      server.onceAppended(() => void life.inside.later(random.between(0.2, 5), resolve));
    });

  const subscription = async (): Promise<void> => {
    let after = await options.after();
    let announced = false;
    while (!stopped) {
      if (random.chance(world.weather().cutSubscription)) throw new Error('The subscription is cut.');
      const event = server.nextAfter(after, options.filter);
      if (event === null) {
        const head = server.head();
        if (after === 'start' ? head > 0n : head > after) await options.onCheckpoint?.(head);
        if (!announced) await options.onCaughtUp?.();
        announced = true;
        if (server.nextAfter(after, options.filter) === null) await appended();
        continue;
      }
      await pause(random.between(0.1, 2));
      if (!stopped) await options.onEvent(event);
      after = event.position;
    }
  };
  const run = async (): Promise<void> => {
    while (!stopped)
      try {
        await subscription();
      } catch (error) {
        world.trace.say(life.name, () => `subscription ends: ${(error as Error).message}`);
        options.onInterrupted?.(error as Error);
        await pause(RESUBSCRIBE_MS * random.next());
      }
  };
  runInside(life.inside, () => void run());
  return {
    stop: () => {
      stopped = true;
      return Promise.resolve();
    },
  };
}
