import { setTimeout as sleep } from 'node:timers/promises';
import type { ExistingJob } from '../../conversion-job/job.ts';
import type { Quarantined } from '../../read-store/projection-engine/fold-batch.ts';
import type { Log } from '../../runtime/log/log.ts';
import { outageLog } from '../../runtime/log/outage-log.ts';
import { isRetryable } from '../../schemas/errors/coded-error.ts';
import { markAfter, markAfterAll } from '../../schemas/events/log-mark.ts';
import type { JobCommands } from '../job-stream/job-commands.ts';
import { changesFromStreams } from '../job-stream/look-up.ts';
import { backoffDelayMs } from '../../schemas/backoff.ts';
import { applyOrHold } from '../work-list/apply-or-hold.ts';
import { foldChanges, type FedEvent } from '../work-list/fold-changes.ts';
import { placementAfter, type WorkChange } from '../work-list/work-change.ts';
import { FeedLost, type FeedGrant, type WorkList } from '../work-list/work-list.ts';
import { handOver, type BeginAtOnce } from './hand-over.ts';

/** Most events that wait to be written. The subscription stops delivering while the buffer is full. */
const BUFFER_EVENTS_MAX = 4_000;
/** Most events in one write. */
const BATCH_EVENTS_MAX = 1_000;
/** Least time between the starts of two writes. Under load several jobs share one write. */
const WRITE_GAP_MS = 4;
/** Wait before a write of changes that no worker waits for. Many of them then cancel each other. */
const NOT_URGENT_MS = 40;
/** Least time between two writes of a checkpoint without changes. */
const IDLE_CHECKPOINT_MS = 5_000;
/** The wait before the retry of a write that Postgres refused. */
const BACKOFF = { firstMs: 200, maxMs: 5_000 };
/** Uploads remembered until their `ConversionRequested`, which is the next event of the same append. */
const UPLOADS_MAX = 10_000;

export interface FeedWriterParts {
  readonly list: Pick<WorkList, 'apply' | 'quarantine'>;
  readonly commands: Pick<JobCommands, 'look'>;
  readonly grant: FeedGrant;
  /** True when more jobs wait than there are workers, so no worker waits for the next job. */
  readonly isBacklogged: () => boolean;
  readonly beginAtOnce: BeginAtOnce;
  /** Called when new jobs wait on the list. */
  readonly onOffered: () => void;
  /** Called before and after each write of changes, because the list may then have rows. */
  readonly onListed: () => void;
  /** Called with jobs that are now held and in quarantine. */
  readonly onHeld: (held: readonly Quarantined[]) => void;
  readonly logger: Log;
}

/** Buffers the events between the subscription and the list, and writes them. */
export function startFeedWriter(parts: FeedWriterParts, onLost: (cause: Error) => void) {
  const uploads = new Map<string, ExistingJob>();
  const handing = handOver(parts.beginAtOnce);
  const closing = new AbortController();
  let buffer: FedEvent[] = [];
  let passed = 0n;
  let written = parts.grant.position;
  /**
   * The marks of the last received and the last written event. The mark stored with a checkpoint must not be ahead of
   * it.
   */
  let received = parts.grant.mark;
  /** The newest received event, when `received` is still the mark of an earlier event. */
  let unmarked: FedEvent['recorded'] | null = null;
  let mark = parts.grant.mark;
  let wroteAtMs = performance.now();
  let startedMs = -Infinity;
  let urgent = false;
  let hurry = (): void => undefined;
  let writing = false;
  let wake = (): void => undefined;
  let haveRoom = (): void => undefined;

  const write = async (events: readonly FedEvent[], through: bigint): Promise<void> => {
    const { changes, lookUps, held } = foldChanges(events, uploads);
    forgetOldest(uploads);
    mark = markAfterAll(
      mark,
      events.map(({ recorded }) => recorded),
    );
    if (changes.length + lookUps.length === 0 && performance.now() - wroteAtMs < IDLE_CHECKPOINT_MS) return;
    const to = written !== 'start' && written > through ? written : through;
    const all = handing.reserved([...changes, ...(await changesFromStreams(parts.commands, lookUps, to))]);
    const hold = async (some: readonly Quarantined[]): Promise<void> => {
      if (some.length === 0) return;
      await parts.list.quarantine(some);
      parts.onHeld(some);
    };
    await hold(held);
    const apply = (some: readonly WorkChange[], checkpoint: 'moves' | 'stays'): Promise<void> => {
      const move =
        checkpoint === 'moves' ? { from: written, to, mark } : { from: written, to: written, mark: null };
      return parts.list.apply(some, move, parts.grant.epoch);
    };
    if (all.length > 0) parts.onListed();
    await applyOrHold({ events, apply, hold }, all);
    handing.written(all);
    written = to;
    wroteAtMs = performance.now();
    if (all.length > 0) parts.onListed();
    if (all.some(({ placement }) => placement.place === 'offered' || placement.place === 'later'))
      parts.onOffered();
  };

  /** Waits until the next write is due. An urgent event ends the wait early. */
  const untilNextWrite = async (): Promise<void> => {
    for (const [gapMs, late] of [
      [WRITE_GAP_MS, false],
      [NOT_URGENT_MS, true],
    ] as const) {
      const waitMs = startedMs + gapMs - performance.now();
      if (waitMs <= 0 || (late && (urgent || buffer.length >= BATCH_EVENTS_MAX))) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        hurry = () => {
          clearTimeout(timer);
          resolve();
        };
        if (!late) hurry = () => undefined;
      });
      hurry = () => undefined;
    }
  };

  const ended = (async () => {
    while (!closing.signal.aborted) {
      if (buffer.length === 0 && passed === 0n) await new Promise<void>((resolve) => (wake = resolve));
      await untilNextWrite();
      if (closing.signal.aborted) return;
      urgent = false;
      const events = buffer.slice(0, BATCH_EVENTS_MAX);
      buffer = buffer.slice(BATCH_EVENTS_MAX);
      const position =
        buffer.length === 0 && passed > 0n ? passed : (events.at(-1)?.recorded.position ?? passed);
      if (buffer.length === 0) passed = 0n;
      haveRoom();
      writing = true;
      startedMs = performance.now();
      await writeUntilDone(() => write(events, position), parts.logger, closing.signal);
      writing = false;
    }
  })().catch((error: unknown) => onLost(error instanceof Error ? error : new Error(String(error))));

  const isFull = (): boolean => buffer.length >= BUFFER_EVENTS_MAX && !closing.signal.aborted;
  const untilRoom = async (): Promise<void> => {
    while (isFull()) await new Promise<void>((resolve) => (haveRoom = resolve));
  };

  return {
    ended,
    isEmpty: () => buffer.length === 0 && !writing,
    written: () => written,
    /** The mark of the last received event. */
    mark: () => {
      if (unmarked !== null) received = markAfter(received, unmarked);
      return received;
    },
    add: (event: FedEvent) => {
      buffer.push(event);
      // The first event names the log.
      received ??= markAfter(null, event.recorded);
      if (unmarked === null || event.recorded.position > unmarked.position) unmarked = event.recorded;
      passed = 0n;
      const isBegun = handing.offer(event);
      if (!isBegun && isUrgent(event) && !parts.isBacklogged()) {
        urgent = true;
        hurry();
      }
      wake();
    },
    /** Records that no event for the list lies before `position`. */
    pass: (position: bigint) => {
      passed = position;
      wake();
    },
    /** Resolves when the buffer has room for another event; null when it has room now. */
    room: (): Promise<void> | null => (isFull() ? untilRoom() : null),
    close: () => {
      closing.abort();
      haveRoom();
      hurry();
      wake();
    },
  };
}

/** True when a worker may wait for the event, because the event offers work. */
function isUrgent({ event }: FedEvent): boolean {
  return !('notUnderstood' in event) && placementAfter(event, 0n)?.place === 'offered';
}

/** Retries the write until it succeeds or another processor feeds the list. The write may happen twice. */
async function writeUntilDone(write: () => Promise<void>, logger: Log, stop: AbortSignal): Promise<void> {
  const outage = outageLog(logger, 'the work list cannot be written');
  for (let failures = 1; ; failures += 1) {
    try {
      await write();
      return outage.worked();
    } catch (error) {
      if (error instanceof FeedLost || stop.aborted) throw error;
      if (!isRetryable(error)) throw error;
      outage.failed(error);
    }
    await sleep(backoffDelayMs(BACKOFF, failures, Math.random()));
    if (stop.aborted) return;
  }
}

/** For a forgotten upload the feed reads the job's stream. */
function forgetOldest(uploads: Map<string, ExistingJob>): void {
  for (const jobId of uploads.keys()) {
    if (uploads.size <= UPLOADS_MAX) return;
    uploads.delete(jobId);
  }
}
