import type { EventLog, RecordedEvent } from '../event-store/event-log.ts';
import { createEventRing } from '../event-store/live-tail/event-ring.ts';
import { isMisnamedJobStream, jobIdOfStream } from '../schemas/streams.ts';
import { understandJobEvent } from '../schemas/understand-job-event.ts';
import type { Composition } from './composition.ts';

/** Further than any log of a simulated world goes. */
const BEYOND_EVERY_HEAD = 2n ** 62n;
/** No event of Docket's own is nearly as large. */
const BIG_EVENT_CHARS = 500_000;

/** The tables go on from their checkpoint whatever log is there. */
export const tablesSkipTheComparison: Partial<Composition> = { compare: () => () => Promise.resolve(null) };

/** The work list goes on from its position whatever log is there. */
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

/** A subscription that fails at some events, and is taken up again at the same place for ever. */
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

/** A reader that the shared tail has gone past goes on with the oldest event that is still there. */
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
