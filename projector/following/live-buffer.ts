import { setTimeout as sleep } from 'node:timers/promises';
import type { StoredEvent } from '../../read-store/projection-engine/stored-event.ts';

/** A live batch is written when it holds this many events, or when its first event has waited long enough. */
export const LIVE_EVENTS_MAX = 2_000;
export const LIVE_FLUSH_AFTER_MS = 10;
/**
 * After a batch of this many events the log is busy, and the next batch waits longer. Each write takes some time
 * besides the time for its rows, and readers are notified at most every 50 ms.
 */
export const LIVE_BUSY_EVENTS = 12;
export const LIVE_BUSY_FLUSH_AFTER_MS = 30;
/**
 * After a batch of this many events the projector is behind, and the next batch waits longest. More jobs then change
 * twice within a batch, and their rows are written once.
 */
export const LIVE_BEHIND_EVENTS = 64;
export const LIVE_BEHIND_FLUSH_AFTER_MS = 100;
/** The projector writes a checkpoint without events at most this often. */
export const IDLE_CHECKPOINT_MS = 1_000;

export interface LiveBuffer {
  /**
   * Takes an event. When the buffer is full, it returns a promise for the caller to wait for.
   * @throws the errors of the writing
   */
  add(event: StoredEvent): Promise<void> | undefined;
  /** Notes that no event of Docket lies between the last event and `position`. */
  mark(position: bigint): void;
  /** Resolves when everything taken so far is written. */
  drained(): Promise<void>;
  /** Rejects with the first failure of the writing. It never resolves. */
  readonly failed: Promise<never>;
}

/**
 * Returns the shortest time, in ms, for which a batch gathers events. The time depends on the number of events in the
 * previous batch, and is 0 after a quiet time.
 */
export function gatherMsAfter(events: number): number {
  if (events >= LIVE_BEHIND_EVENTS) return LIVE_BEHIND_FLUSH_AFTER_MS;
  return events >= LIVE_BUSY_EVENTS ? LIVE_BUSY_FLUSH_AFTER_MS : 0;
}

/** Gathers live events into batches. It writes one batch at a time, and gathers the next batch during the write. */
export function createLiveBuffer(
  write: (events: readonly StoredEvent[], through: bigint) => Promise<unknown>,
  flushAfterMs: number = LIVE_FLUSH_AFTER_MS,
): LiveBuffer {
  let events: StoredEvent[] = [];
  let marked: bigint | null = null;
  let markedWrittenAt = 0;
  let writtenBefore = 0;
  let pumping: Promise<void> | null = null;
  let wake: AbortController | null = null;
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined);

  const gather = async () => {
    if (events.length >= LIVE_EVENTS_MAX) return;
    wake = new AbortController();
    const waitMs = Math.max(flushAfterMs, gatherMsAfter(writtenBefore));
    await sleep(waitMs, undefined, { signal: wake.signal }).catch(() => undefined);
    wake = null;
  };
  const flush = async () => {
    const batch = events;
    let through = marked ?? -1n;
    for (const { position } of batch) if (position > through) through = position;
    events = [];
    marked = null;
    markedWrittenAt = performance.now();
    writtenBefore = batch.length;
    await write(batch, through);
  };
  const isMarkDue = () => marked !== null && performance.now() - markedWrittenAt >= IDLE_CHECKPOINT_MS;
  const isWriteDue = () => events.length > 0 || isMarkDue();
  const pump = async () => {
    try {
      while (isWriteDue()) {
        if (events.length > 0) await gather();
        await flush();
      }
    } catch (error) {
      failure.reject(error);
      throw error;
    }
    pumping = null;
  };
  const start = async (): Promise<void> => {
    // Without events, the pump would end before `pumping` is set, and would then count as running for ever.
    if (pumping === null && isWriteDue()) {
      pumping = pump();
      pumping.catch(() => undefined);
    }
    await pumping;
  };
  const take = (event: StoredEvent): void => {
    events.push(event);
    if (events.length >= LIVE_EVENTS_MAX) wake?.abort();
    if (pumping === null) start().catch(() => undefined);
  };
  const addWhenThereIsRoom = async (event: StoredEvent): Promise<void> => {
    while (events.length >= LIVE_EVENTS_MAX) {
      wake?.abort();
      await start();
    }
    take(event);
  };
  return {
    failed: failure.promise,
    add: (event) => {
      if (events.length >= LIVE_EVENTS_MAX) return addWhenThereIsRoom(event);
      take(event);
      return undefined;
    },
    mark: (position) => {
      marked = position;
      start().catch(() => undefined);
    },
    drained: async () => {
      while (events.length > 0) await start();
      await pumping;
    },
  };
}
