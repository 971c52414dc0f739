/**
 * The appends of one batch stream that are not done: their chunks are still coming, or they wait for the disk.
 * Each is answered exactly once, by whoever is first: the log or the deadline.
 */
import type { StoreLimits } from '../storage/store-limits.ts';
import type { ProposedEvent } from '../../event-store/wire/proposed-event.ts';
import type { BatchOptions } from '../../event-store/wire/requests.ts';
import { batchFailed, timedOut } from '../../event-store/wire/responses.ts';
import type { Sender } from './send-stream.ts';

export interface OpenAppend {
  readonly correlation: Buffer;
  readonly options: BatchOptions;
  /** Milliseconds since 1970. */
  readonly answerByMs: number;
  events: ProposedEvent[];
  /** What counts towards the largest append. */
  bytes: number;
  /** What its events take here. */
  heldBytes: number;
  isAnswered: boolean;
  /** Its last chunk has come. */
  isFinal: boolean;
}

export interface OpenAppends {
  readonly size: () => number;
  readonly find: (correlation: Buffer) => OpenAppend | undefined;
  readonly begin: (correlation: Buffer, options: BatchOptions) => OpenAppend;
  /** Sends the answer unless there was one already. */
  readonly answer: (append: OpenAppend, answer: Buffer) => void;
  /** Answers an append a second time when its deadline comes, as EventStoreDB does after a bad event. */
  readonly answerAgain: (append: OpenAppend, answer: Buffer) => void;
  /** The append is answered and nothing more of it will come. */
  readonly done: (append: OpenAppend) => void;
  /** Bytes of appends whose last chunk has not come. */
  readonly unfinishedBytes: () => number;
  readonly close: () => void;
}

/** Deadlines are looked at this often, so an answer can be late by as much. */
const DEADLINE_TICK_MS = 20;

/** @param onDone called after each append that is done, when its answer has been handed to the stream */
export function openAppends(sender: Sender, limits: StoreLimits, onDone: () => void): OpenAppends {
  const open = new Map<string, OpenAppend>();
  let clock: NodeJS.Timeout | null = null;
  let isFlushing = false;

  const stopClock = (): void => {
    if (clock !== null) clearInterval(clock);
    clock = null;
  };

  const flushSoon = (): void => {
    if (isFlushing) return;
    isFlushing = true;
    // The answers to one group of appends are sent together.
    queueMicrotask(() => {
      isFlushing = false;
      sender.flush();
      onDone();
    });
  };

  const answer = (append: OpenAppend, bytes: Buffer): void => {
    if (append.isAnswered) return;
    append.isAnswered = true;
    append.events = [];
    sender.send(bytes);
    flushSoon();
  };

  const answerLate = (): void => {
    const nowMs = Date.now();
    for (const append of open.values())
      if (nowMs > append.answerByMs)
        answer(append, batchFailed(append.correlation, append.options, timedOut()));
  };

  const keyOf = (correlation: Buffer): string => correlation.toString('latin1');

  return {
    size: () => open.size,
    find: (correlation) => open.get(keyOf(correlation)),
    begin: (correlation, options) => {
      const answerByMs = Math.min(options.deadlineMs ?? Infinity, Date.now() + limits.appendTimeoutMs);
      const append = {
        correlation,
        options,
        answerByMs,
        events: [],
        bytes: 0,
        heldBytes: 0,
        isAnswered: false,
        isFinal: false,
      };
      open.set(keyOf(correlation), append);
      clock ??= setInterval(answerLate, DEADLINE_TICK_MS);
      return append;
    },
    answer,
    answerAgain: (append, bytes) => {
      setTimeout(
        () => {
          sender.send(bytes);
          sender.flush();
        },
        Math.max(0, append.answerByMs - Date.now()),
      ).unref();
    },
    done: (append) => {
      open.delete(keyOf(append.correlation));
      if (open.size === 0) stopClock();
      flushSoon();
    },
    unfinishedBytes: () => {
      let bytes = 0;
      for (const append of open.values())
        if (!append.isFinal && !append.isAnswered) bytes += append.heldBytes;
      return bytes;
    },
    close: () => {
      stopClock();
      open.clear();
    },
  };
}
