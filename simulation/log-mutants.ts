import type { EventLog, RecordedEvent } from '../event-store/event-log.ts';
import { createEventRing } from '../event-store/live-tail/event-ring.ts';
import { isMisnamedJobStream, jobIdOfStream } from '../schemas/events/streams.ts';
import { understandJobEvent } from '../schemas/events/understand-job-event.ts';
import type { Composition } from './composition.ts';

/** Beyond the position of every event in a simulated world. */
const BEYOND_EVERY_HEAD = 2n ** 62n;
/** Larger than any event of Docket. */
const BIG_EVENT_CHARS = 500_000;

/** The projector continues from its checkpoint, even if the log was replaced. */
export const tablesSkipTheComparison: Partial<Composition> = { compare: () => () => Promise.resolve(null) };

/** The work list continues from its position, even if the log was replaced. */
export const listSkipsTheComparison: Partial<Composition> = {
  log: (real) => ({ ...real, head: () => Promise.resolve(BEYOND_EVERY_HEAD) }),
  workList: (real) => ({
    ...real,
    holdFeed: async (processorId, workerId, ttlMs) => {
      const grant = await real.holdFeed(processorId, workerId, ttlMs);
      return grant && { ...grant, mark: null };
    },
    standing: async () => ({ ...(await real.standing()), mark: null }),
  }),
};

/** Makes a subscription that fails at some events, and then restarts at the same place for ever. */
function failingAt(isFatal: (event: RecordedEvent) => boolean): Partial<Composition> {
  const log = (real: EventLog): EventLog => ({
    ...real,
    follow: (options) =>
      real.follow({
        ...options,
        onEvent: (event) => {
          if (isFatal(event))
            throw new Error(`Event ${event.revision} of ${event.stream} cannot be applied.`);
          return options.onEvent(event);
        },
      }),
  });
  return { log };
}

export const stopsAtAStrangeStream = failingAt(({ stream }) => isMisnamedJobStream(stream));

export const stopsAtAStrangeEvent = failingAt((event) => {
  if (jobIdOfStream(event.stream) === null) return false;
  try {
    understandJobEvent(event);
    return false;
  } catch {
    return true;
  }
});

export const stopsAtABigEvent = failingAt(({ data }) => JSON.stringify(data).length > BIG_EVENT_CHARS);

/** A reader that fell behind the shared buffer continues with the oldest event in the buffer. */
export const skipsWhatIsGone: Partial<Composition> = {
  createRing: (begin, limits) => {
    const real = createEventRing(begin, limits);
    return {
      ...real,
      at: (sequence) => {
        let next = sequence;
        let item = real.at(sequence);
        while (item === 'gone') item = real.at((next += 1));
        return item;
      },
    };
  },
};
