import { setTimeout as sleep } from 'node:timers/promises';
import type { Generation, Generations } from './generations.ts';
import { backoffDelayMs } from '../../schemas/backoff.ts';
import { LogUnavailable } from '../errors.ts';
import type { RecordedEvent } from '../event-log.ts';
import { NoAnswer } from './no-answer.ts';
import { isOfTheStore } from '../store-faults.ts';

export type ReadEvents = AsyncGenerator<RecordedEvent, void, undefined>;

/** The source of a read that is the whole log. */
export const ALL = '$all';

/** What a read asks of a store, whatever carries it. */
export interface ReadRequest {
  /** A stream, or `ALL`. */
  readonly source: string;
  /** The first revision of a stream, or position of the log; `end` reads backwards from there. */
  readonly from: bigint | 'start' | 'end';
  readonly maxCount: number;
}

/** A read under way. */
export interface OpenedRead {
  /** The events in batches; a stream that is not there gives none. Called once. A consumer that leaves ends the read. */
  readonly batches: () => AsyncGenerator<readonly RecordedEvent[], void, undefined>;
  /** Ends the read now: a consumer that waits for a batch gets an error. */
  readonly abandon: () => void;
}

/**
 * Opens a read over some transport. The batches throw what the transport says.
 */
export type OpenRead<Client> = (client: Client, request: ReadRequest) => OpenedRead;

/** Reads over one transport. */
export interface Reading<Client> {
  readonly generations: Generations<Client>;
  readonly open: OpenRead<Client>;
  /** How long the server may say nothing. */
  readonly silenceMs: number;
}

/** One read. */
export interface Read {
  readonly request: ReadRequest;
  /** What is being done, for the error. */
  readonly doing: string;
  /** The error for an answer that this read knows the meaning of; null for every other one. */
  readonly refusal?: (cause: unknown) => Error | null;
  /** Which events are given; all unless told. Here, since each further generator around a read costs every event. */
  readonly wanted?: (event: RecordedEvent) => boolean;
}

/** Reads events over the transport that was chosen, see `readEvents`. */
export type ReadLog = (read: Read) => ReadEvents;

/** The wait before a read that broke before its first event begins again; most often the client reconnects. */
const BEGIN_BACKOFF = { firstMs: 100, maxMs: 500 };
/** After so long without an event the server is asked whether it is there at all. */
const DOUBT_AFTER_MS = 1_000;

/**
 * The events of a read. One whose connection broke before the first event is begun again until half of the time for
 * silence is over; afterwards the consumer has seen a part, and only it can know how to go on.
 *
 * @throws LogUnavailable, what `refusal` answers
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
 * One read with a limit on silence: reads have no deadline, and a server that accepts a connection and
 * says nothing would hold the caller for ever.
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
  // Timers for the whole read. Only waiting for the server counts as silence, not the time the consumer takes.
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
