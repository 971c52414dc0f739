/**
 * The unfinished appends of one batch stream: they wait for chunks or for the disk. The log or the deadline answers
 * an append, whichever is first. Each append gets only one answer.
 */
import type { StoreLimits } from '../storage/store-limits.ts';
import type { ProposedEvent } from '../../event-store/wire/proposed-event.ts';
import type { BatchOptions } from '../../event-store/wire/requests.ts';
import { batchFailed, timedOut } from '../../event-store/wire/responses.ts';
import type { Sender } from './send-stream.ts';

export interface OpenAppend {
  readonly correlation: Buffer;
  readonly options: BatchOptions;
  /** The deadline of the answer, in milliseconds since 1970. */
  readonly answerByMs: number;
  events: ProposedEvent[];
  /** Bytes that count towards the largest append. */
  bytes: number;
  /** Memory that the events of the append take in the store. */
  heldBytes: number;
  isAnswered: boolean;
  /** True when the last chunk of the append has come. */
  isFinal: boolean;
}

export interface OpenAppends {
  readonly size: () => number;
  readonly find: (correlation: Buffer) => OpenAppend | undefined;
  readonly begin: (correlation: Buffer, options: BatchOptions) => OpenAppend;
  /** Sends the answer, unless the append has been answered. */
  readonly answer: (append: OpenAppend, answer: Buffer) => void;
  /** Answers an append again at its deadline, as EventStoreDB does after a bad event. */
  readonly answerAgain: (append: OpenAppend, answer: Buffer) => void;
  /** Forgets an append that is answered and gets no more chunks. */
  readonly done: (append: OpenAppend) => void;
  /** Bytes of the appends whose last chunk has not come. */
  readonly unfinishedBytes: () => number;
  readonly close: () => void;
}

/** The interval between two checks of the deadlines. An answer can be late by this time. */
const DEADLINE_TICK_MS = 20;

/** @param onDone called each time a group of answers has been written to the stream */
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
    // One flush sends the answers of a whole group of appends.
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
