import { setTimeout as sleep } from 'node:timers/promises';
import type { Generation, Generations } from './generations.ts';
import { backoffDelayMs } from '../../schemas/backoff.ts';
import { LogUnavailable } from '../errors.ts';
import type { RecordedEvent } from '../event-log.ts';
import { NoAnswer } from './no-answer.ts';
import { isOfTheStore } from '../store-faults.ts';

export type ReadEvents = AsyncGenerator<RecordedEvent, void, undefined>;

/** The source of a read of the whole log. */
export const ALL = '$all';

/** A read request to a store, over any transport. */
export interface ReadRequest {
  /** A stream, or `ALL`. */
  readonly source: string;
  /** The first revision of a stream or position of the log; `end` reads backwards from the end. */
  readonly from: bigint | 'start' | 'end';
  readonly maxCount: number;
}

/** A read that is running. */
export interface OpenedRead {
  /** The events in batches; none for a stream that does not exist. Call it once. Leaving the loop ends the read. */
  readonly batches: () => AsyncGenerator<readonly RecordedEvent[], void, undefined>;
  /** Ends the read at once. A consumer that waits for a batch gets an error. */
  readonly abandon: () => void;
}

/** Opens a read over one transport. The batches throw the errors of the transport. */
export type OpenRead<Client> = (client: Client, request: ReadRequest) => OpenedRead;

/** Reads over one transport. */
export interface Reading<Client> {
  readonly generations: Generations<Client>;
  readonly open: OpenRead<Client>;
  /** Longest time without a word from the server, in milliseconds. */
  readonly silenceMs: number;
}

/** The request of one read, and the texts for its errors. */
export interface Read {
  readonly request: ReadRequest;
  /** The action of the caller, for the text of an error. */
  readonly doing: string;
  /** The error for a cause that this read can explain; null for every other cause. */
  readonly refusal?: (cause: unknown) => Error | null;
  /**
   * The filter for the events that the read yields; all events by default. The read itself filters, because another
   * generator around a read takes time for every event.
   */
  readonly wanted?: (event: RecordedEvent) => boolean;
}

/** Reads events over the chosen transport, see `readEvents`. */
export type ReadLog = (read: Read) => ReadEvents;

/** The wait before a new try of a read that broke before its first event. Usually the client reconnects meanwhile. */
const BEGIN_BACKOFF = { firstMs: 100, maxMs: 500 };
/** After this time without an event the read checks whether the server still answers. */
const DOUBT_AFTER_MS = 1_000;

/**
 * Yields the events of a read. A read that breaks before its first event begins again, until half of `silenceMs` has
 * passed. Later breaks reach the consumer, because only it knows how to continue after a part.
 *
 * @throws LogUnavailable, or the error from `refusal`
 */
export async function* readEvents<Client>(reading: Reading<Client>, read: Read): ReadEvents {
  const beginUntil = performance.now() + reading.silenceMs / 2;
  const { wanted = () => true } = read;
  let clientMs = reading.silenceMs;
  for (let failures = 1; ; failures += 1) {
    let begun = false;
    try {
      const generation = await reading.generations.current(clientMs, read.doing);
      for await (const batch of watchedRead(reading, read, generation)) {
        begun = true;
        for (const event of batch) if (wanted(event)) yield event;
      }
      return;
    } catch (error) {
      if (begun || !(error instanceof LogUnavailable) || performance.now() > beginUntil) throw error;
      if (error.fault?.final === true) throw error;
      await sleep(backoffDelayMs(BEGIN_BACKOFF, failures, Math.random()));
      clientMs = Math.max(0, beginUntil - performance.now());
    }
  }
}

/**
 * Runs one read with a limit on silence. Reads have no deadline, so without this limit, a server that accepts a
 * connection and never answers would stop the caller for ever.
 */
async function* watchedRead<Client>(
  { generations, silenceMs, open }: Reading<Client>,
  { doing, request, refusal: meaning }: Read,
  generation: Generation<Client>,
): AsyncGenerator<readonly RecordedEvent[], void, undefined> {
  const opened = open(generation.client, request);
  let silent = false;
  let consuming = false;
  const beSilent = () => {
    silent = true;
    opened.abandon();
  };
  // One pair of timers for the whole read. Only time that the read waits for the server counts as silence, not the time
  // that the consumer takes.
  const watchdog = setTimeout(() => (consuming ? void watchdog.refresh() : beSilent()), silenceMs);
  const doubt = setTimeout(() => {
    if (consuming) return void doubt.refresh();
    void generations.doubt(generation, new NoAnswer()).then((works) => works || beSilent());
  }, DOUBT_AFTER_MS);
  try {
    for await (const batch of opened.batches()) {
      consuming = true;
      yield batch;
      consuming = false;
      watchdog.refresh();
      doubt.refresh();
    }
  } catch (error) {
    if (!silent && !isOfTheStore(error)) throw error;
    const cause = silent ? new NoAnswer() : error;
    const refusal = meaning?.(cause);
    if (refusal) throw refusal;
    await generations.doubt(generation, cause);
    throw generations.unavailable(doing, cause);
  } finally {
    clearTimeout(watchdog);
    clearTimeout(doubt);
  }
}
