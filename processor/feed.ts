import { setTimeout as sleep } from 'node:timers/promises';
import type { ExistingJob } from '../conversion-job/job.ts';
import { linksOf } from '../event-store/event-hash.ts';
import type { EventLog, RecordedEvent } from '../event-store/event-log.ts';
import type { Log } from '../runtime/log.ts';
import { EventNotUnderstood, understandEvent } from '../schemas/event-versions.ts';
import type { JobEvent } from '../schemas/job-events.ts';
import { JOB_STREAM_PREFIX } from '../schemas/streams.ts';
import type { JobCommands } from './job-commands.ts';
import { changesFromStreams } from './look-up.ts';
import { foldChanges, type FedEvent } from './work-list/fold-changes.ts';
import { placementAfter } from './work-list/work-change.ts';
import { FeedLost, type FeedGrant, type WorkList } from './work-list/work-list.ts';

/** Events waiting to be written; the subscription is held back above it. */
const BUFFER_EVENTS_MAX = 4_000;
/** Events in one write. */
const BATCH_EVENTS_MAX = 1_000;
/** Between the starts of two writes: under load a few jobs share one. */
const WRITE_GAP_MS = 4;
/** Changes that no worker waits for are written so long after the last ones; many of them then cancel out. */
const NOT_URGENT_MS = 40;
/** A checkpoint without changes is written this often at most. */
const IDLE_CHECKPOINT_MS = 5_000;
const WRITE_AGAIN_AFTER_MS = 100;
const WRITE_AGAIN_AFTER_MAX_MS = 5_000;
/** Uploads remembered until their request comes; it is the next event of the same append. */
const UPLOADS_MAX = 10_000;

/** The list's checkpoint lies beyond the log's end: the log was restored from an older copy (D21). */
export class WorkListAheadOfLog extends Error {
  readonly code = 'WORK_LIST_AHEAD_OF_LOG';
  readonly retryable = false;

  constructor(position: bigint, head: bigint) {
    super(
      `The work list has read up to ${position.toString()}, but the log ends at ${head.toString()}: the log was restored ` +
        'from an older copy. Empty the tables of the Postgres schema "processor" to rebuild the list from this log.',
    );
    this.name = 'WorkListAheadOfLog';
  }
}

export interface Feed {
  /** True while the list is as good as the log. */
  isCaughtUp(): boolean;
  /** The checkpoint that the list was told last. */
  written(): FeedGrant['position'];
  stop(): Promise<void>;
}

export interface FeedParts {
  readonly log: EventLog;
  readonly list: Pick<WorkList, 'apply'>;
  readonly commands: Pick<JobCommands, 'look'>;
  readonly grant: FeedGrant;
  /** More jobs wait on the list than are taken from it: nobody waits for the next one. */
  readonly isBacklogged: () => boolean;
  readonly onOffered: () => void;
  readonly onNotUnderstood: (event: RecordedEvent, cause: EventNotUnderstood) => void;
  /** The right to feed is gone; the feed has ended by itself. */
  readonly onLost: (cause: Error) => void;
  readonly logger: Log;
}

/**
 * Feeds the work list from the log. A job that enters the list is written at once when the log is quiet and with a few
 * others when it is busy; what only moves or leaves a row waits a little longer.
 *
 * @throws WorkListAheadOfLog, LogUnavailable
 */
export async function startFeed(parts: FeedParts): Promise<Feed> {
  const { log, grant } = parts;
  if (grant.position !== 'start') {
    const head = await log.head();
    if (grant.position > head) throw new WorkListAheadOfLog(grant.position, head);
  }
  let received: bigint | 'start' = grant.position;
  let [caughtUp, stopped] = [false, false];
  const writer = startWriter(parts, (cause) => {
    stopped = true;
    void following.stop();
    parts.onLost(cause);
  });
  const following = log.follow({
    filter: { streamPrefixes: [JOB_STREAM_PREFIX] },
    after: () => received,
    onEvent: async (event) => {
      await writer.room();
      writer.add(fedEvent(event, parts));
      received = event.position;
    },
    onCheckpoint: (position) => {
      if (received === 'start' || position > received) received = position;
      writer.pass(position);
    },
    onCaughtUp: () => {
      caughtUp = true;
    },
    onInterrupted: () => {
      caughtUp = false;
    },
  });
  return {
    isCaughtUp: () => caughtUp && !stopped && writer.isEmpty(),
    written: writer.written,
    stop: async () => {
      stopped = true;
      writer.close();
      await following.stop();
      await writer.ended;
    },
  };
}

function fedEvent(event: RecordedEvent, parts: Pick<FeedParts, 'onNotUnderstood'>): FedEvent {
  const { stream, revision, position } = event;
  const hash = linksOf(event)?.hash ?? null;
  try {
    return { stream, revision, position, hash, event: understandEvent(event) as JobEvent };
  } catch (error) {
    if (!(error instanceof EventNotUnderstood)) throw error;
    parts.onNotUnderstood(event, error);
    return { stream, revision, position, hash, event: 'not-understood' };
  }
}

/** The bounded buffer between the subscription and the list. */
function startWriter(parts: FeedParts, onLost: (cause: Error) => void) {
  const uploads = new Map<string, ExistingJob>();
  const closing = new AbortController();
  let buffer: FedEvent[] = [];
  let passed = 0n;
  let written = parts.grant.position;
  let [wroteAtMs, startedMs] = [performance.now(), -Infinity];
  let [urgent, hurry] = [false, (): void => undefined];
  let [writing, wake, haveRoom] = [false, (): void => undefined, (): void => undefined];

  const write = async (events: readonly FedEvent[], through: bigint): Promise<void> => {
    const { changes, lookUps } = foldChanges(events, uploads);
    forgetOldest(uploads);
    if (changes.length + lookUps.length === 0 && performance.now() - wroteAtMs < IDLE_CHECKPOINT_MS) return;
    const all = [...changes, ...(await changesFromStreams(parts.commands, lookUps))];
    const to = written !== 'start' && written > through ? written : through;
    await parts.list.apply(all, written, to, parts.grant.epoch);
    written = to;
    wroteAtMs = performance.now();
    if (all.some((change) => change.placement.place === 'offered')) parts.onOffered();
  };

  /** Waits for the next write's time, which an urgent event brings forward. */
  const patience = async (): Promise<void> => {
    for (const [gapMs, late] of [
      [WRITE_GAP_MS, false],
      [NOT_URGENT_MS, true],
    ] as const) {
      const waitMs = startedMs + gapMs - performance.now();
      if (waitMs <= 0 || (late && (urgent || buffer.length >= BATCH_EVENTS_MAX))) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        hurry = () => (clearTimeout(timer), resolve());
        if (!late) hurry = () => undefined;
      });
      hurry = () => undefined;
    }
  };

  const ended = (async () => {
    while (!closing.signal.aborted) {
      if (buffer.length === 0 && passed === 0n) await new Promise<void>((resolve) => (wake = resolve));
      await patience();
      if (closing.signal.aborted) return;
      urgent = false;
      const events = buffer.slice(0, BATCH_EVENTS_MAX);
      buffer = buffer.slice(BATCH_EVENTS_MAX);
      const position = buffer.length === 0 && passed > 0n ? passed : (events.at(-1)?.position ?? passed);
      if (buffer.length === 0) passed = 0n;
      haveRoom();
      writing = true;
      startedMs = performance.now();
      await insistOn(() => write(events, position), parts.logger, closing.signal);
      writing = false;
    }
  })().catch((error: unknown) => onLost(error instanceof Error ? error : new Error(String(error))));

  return {
    ended,
    isEmpty: () => buffer.length === 0 && !writing,
    written: () => written,
    add: (event: FedEvent) => {
      buffer.push(event);
      passed = 0n;
      if (isUrgent(event) && !parts.isBacklogged()) {
        urgent = true;
        hurry();
      }
      wake();
    },
    /** Nothing for us lies before `position`. */
    pass: (position: bigint) => {
      passed = position;
      wake();
    },
    room: async () => {
      while (buffer.length >= BUFFER_EVENTS_MAX && !closing.signal.aborted)
        await new Promise<void>((resolve) => (haveRoom = resolve));
    },
    close: () => {
      closing.abort();
      haveRoom();
      hurry();
      wake();
    },
  };
}

/** Whether a worker without work may be waiting for it: it offers work. */
function isUrgent({ event }: FedEvent): boolean {
  return event !== 'not-understood' && placementAfter(event, 0n)?.place === 'offered';
}

/** Writing the same batch again is harmless, so it is repeated until it is done, or somebody else feeds the list. */
async function insistOn(write: () => Promise<void>, logger: Log, stop: AbortSignal): Promise<void> {
  for (let pauseMs = WRITE_AGAIN_AFTER_MS; ; pauseMs = Math.min(pauseMs * 2, WRITE_AGAIN_AFTER_MAX_MS)) {
    try {
      return await write();
    } catch (error) {
      if (error instanceof FeedLost || stop.aborted) throw error;
      if ((error as { retryable?: unknown }).retryable !== true) throw error;
      logger.warn({ err: error, pauseMs }, 'the work list could not be written; it will be tried again');
    }
    await sleep(pauseMs);
    if (stop.aborted) return;
  }
}

/** An upload that is forgotten is looked up in the job's stream. */
function forgetOldest(uploads: Map<string, ExistingJob>): void {
  for (const jobId of uploads.keys()) {
    if (uploads.size <= UPLOADS_MAX) return;
    uploads.delete(jobId);
  }
}
