import type { EventLog } from '../../event-store/event-log.ts';
import type { ReadStore } from '../../read-store/pool.ts';
import { RowsRefused } from '../../read-store/projection-engine/projection-errors.ts';
import type {
  FoldedRow,
  Projection,
  ProjectionTarget,
} from '../../read-store/projection-engine/projection-definition.ts';
import { heldStreams } from '../../read-store/projection-engine/quarantine.ts';
import {
  openWriter,
  type Applied,
  type ProjectionWriter,
} from '../../read-store/projection-engine/writer.ts';
import type { Log } from '../../runtime/log/log.ts';
import { FOLLOWED_STREAM_PREFIXES } from '../../schemas/events/streams.ts';
import { catchUp } from './catch-up.ts';
import { createLiveBuffer } from './live-buffer.ts';
import type { ProjectorMetrics } from './projector-metrics.ts';
import type { PositionNotices } from './position-notices.ts';
import type { ProjectorBeat } from './projector-beat.ts';
import { differenceOf, endRebuild, startOverOnAnotherLog } from './start-over.ts';

/** The interval at which the program's log reports the progress of tables that are built again. */
const PROGRESS_EVERY_MS = 5_000;

/**
 * The dependency that a running projection waits for, as readiness shows it. Null when the projection follows the
 * log.
 */
export type WaitingFor =
  'read store' | 'event store' | 'projection lease' | 'catching up' | 'rebuild from the log' | null;

export interface SessionOptions<Event, Row extends FoldedRow> {
  readonly log: Pick<EventLog, 'head' | 'eventAt' | 'readAll' | 'readStream' | 'follow'>;
  readonly store: ReadStore;
  readonly projection: Projection<Event, Row>;
  readonly target: ProjectionTarget;
  /** The time in ms for which the first event of a live batch waits for more events. */
  readonly flushAfterMs: number;
  readonly fencingEpoch: bigint;
  /** Renews the lease. */
  readonly beat: ProjectorBeat;
  readonly logger: Log;
  readonly metrics: ProjectorMetrics;
  readonly notices: PositionNotices;
  readonly onWaiting: (waitingFor: WaitingFor) => void;
  /** True to retry the streams in quarantine first. */
  readonly replaysHeld: boolean;
  readonly onReplayed: () => void;
  readonly stop: AbortSignal;
}

/**
 * Runs a projection once, under one lease. It compares the checkpoint with the log, catches up, and follows until an
 * error or `stop`. Tables of another log are emptied and built again on the way. Every run starts from the stored
 * state, so no repair is needed after an error.
 * @throws LogDiffers when the log changed while it was followed; CheckpointMoved, RowsRefused, ReadStoreUnavailable,
 * LogUnavailable
 */
export async function runSession<Event, Row extends FoldedRow>(
  options: SessionOptions<Event, Row>,
): Promise<void> {
  const lease = options.beat.keep(options.target, options.fencingEpoch);
  let over = false;
  try {
    const rebuildingUntil = await startOverOnAnotherLog(options);
    if (options.replaysHeld) await replayHeldStreams(options);
    options.onReplayed();
    const writer = await openObservedWriter(options);
    options.onWaiting(rebuildingUntil === null ? 'catching up' : 'rebuild from the log');
    const tellProgress = progressTeller(options, rebuildingUntil);
    const isStopped = () => over || options.stop.aborted;
    await Promise.race([
      catchUp(
        options.log,
        writer,
        (through) => {
          options.notices.tell(through);
          tellProgress(through);
        },
        isStopped,
      ),
      lease.lost,
    ]);
    if (!isStopped() && rebuildingUntil !== null) {
      await endRebuild(options.store, options.target);
      options.logger.warn(
        { projection: options.target.ledger },
        'the read tables are built again from the log',
      );
    }
    if (!isStopped()) await followLive(options, writer, lease.lost);
  } finally {
    over = true;
    await lease.giveBack();
  }
}

/** Logs the progress of tables that are built again. */
function progressTeller<Event, Row extends FoldedRow>(
  { logger, target }: SessionOptions<Event, Row>,
  until: bigint | null,
): (position: bigint) => void {
  let toldAtMs = -Infinity;
  return (position) => {
    const nowMs = performance.now();
    if (until === null || nowMs - toldAtMs < PROGRESS_EVERY_MS) return;
    toldAtMs = nowMs;
    const place = { position: position.toString(), until: until.toString() };
    logger.warn({ projection: target.ledger, ...place }, 'the read tables are being built again');
  };
}

/** Opens a writer that counts and times its batches, and logs every quarantine. */
async function openObservedWriter<Event, Row extends FoldedRow>(
  options: SessionOptions<Event, Row>,
): Promise<ProjectionWriter> {
  const { log, metrics, target, logger } = options;
  const label = { projection: target.ledger };
  const readMissing = (stream: string, from: bigint) => log.readStream(stream, from);
  const writer = await openWriter({ ...options, readMissing });
  const observed = async (written: Promise<Applied>): Promise<Applied> => {
    const endTimer = metrics.batchSeconds.startTimer(label);
    const applied = await written;
    endTimer();
    metrics.events.inc(label, applied.events);
    metrics.position.set(label, Number(writer.checkpoint() ?? 0n));
    metrics.heldStreams.set(label, writer.heldStreams().size);
    for (const { recorded, reason } of applied.quarantined) {
      metrics.quarantinedEvents.inc(label);
      const { stream, revision, type } = recorded;
      logger.error(
        { stream, revision: revision.toString(), type, reason },
        'an event could not be folded; its stream is held in quarantine',
      );
    }
    return applied;
  };
  metrics.heldStreams.set(label, writer.heldStreams().size);
  return {
    ...writer,
    apply: (batch, through) => observed(writer.apply(batch, through)),
    replay: (stream) => observed(writer.replay(stream)),
  };
}

/**
 * Retries every held stream in the first session of a program, because a new build may understand them. Each stream
 * gets its own writer. If Postgres refuses its rows again, the stream stays held and that writer is unusable.
 */
async function replayHeldStreams<Event, Row extends FoldedRow>(
  options: SessionOptions<Event, Row>,
): Promise<void> {
  const { logger, store, target } = options;
  for (const stream of await heldStreams(store, target)) {
    const writer = await openObservedWriter(options);
    try {
      const { events } = await writer.replay(stream);
      if (!writer.heldStreams().has(stream))
        logger.info({ stream, events }, 'a stream has left the quarantine');
    } catch (error) {
      if (!(error instanceof RowsRefused)) throw error;
      logger.error({ err: error, stream }, 'a stream stays in quarantine');
    }
  }
}

async function followLive<Event, Row extends FoldedRow>(
  options: SessionOptions<Event, Row>,
  writer: ProjectionWriter,
  leaseLost: Promise<never>,
): Promise<void> {
  const { beat, log, notices, onWaiting, stop } = options;
  const buffer = createLiveBuffer(async (events, through) => {
    await writer.apply(events, through);
    beat.worked();
    notices.tell(writer.checkpoint() ?? through);
  }, options.flushAfterMs);
  const otherLog = Promise.withResolvers<never>();
  otherLog.promise.catch(() => undefined);
  const following = log.follow({
    filter: { streamPrefixes: FOLLOWED_STREAM_PREFIXES },
    // Writes the events that arrived before the disconnect. Then the subscription continues after them, if the log is
    // the same.
    after: async () => {
      await buffer.drained();
      const checkpoint = writer.checkpoint();
      const difference = await differenceOf(log, { checkpoint, mark: writer.mark() });
      if (difference !== null) {
        otherLog.reject(difference);
        throw difference;
      }
      return checkpoint ?? 'start';
    },
    onEvent: (event) => buffer.add(event),
    onCheckpoint: (position) => buffer.mark(position),
    onCaughtUp: () => onWaiting(null),
    onInterrupted: () => onWaiting('event store'),
  });
  try {
    await Promise.race([buffer.failed, leaseLost, otherLog.promise, aborted(stop)]);
  } finally {
    await following.stop();
  }
  await buffer.drained();
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
