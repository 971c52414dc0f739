import type { EventLog } from '../event-store/event-log.ts';
import type { ReadStore } from '../read-store/pool.ts';
import { readCheckpoint } from '../read-store/projection-engine/checkpoint.ts';
import {
  CheckpointBeyondHead,
  CheckpointMoved,
  RowsRefused,
} from '../read-store/projection-engine/errors.ts';
import { LEASE_BEAT_MS, releaseLease, renewLease } from '../read-store/projection-engine/lease.ts';
import type { FoldedRow, Projection, ProjectionTarget } from '../read-store/projection-engine/projection.ts';
import { heldStreams } from '../read-store/projection-engine/quarantine.ts';
import { openWriter, type Applied, type ProjectionWriter } from '../read-store/projection-engine/writer.ts';
import type { Log } from '../runtime/log.ts';
import { FOLLOWED_STREAM_PREFIXES } from '../schemas/streams.ts';
import { catchUp } from './catch-up.ts';
import { createLiveBuffer } from './live-buffer.ts';
import type { ProjectorMetrics } from './metrics.ts';
import type { PositionNotices } from './position-notices.ts';

/** What a running projection waits for, as readiness shows it; null when it keeps up with the log. */
export type WaitingFor =
  'read store' | 'event store' | 'projection lease' | 'catching up' | 'the right log' | null;

export interface SessionOptions<Event, Row extends FoldedRow> {
  readonly log: Pick<EventLog, 'head' | 'readAll' | 'readStream' | 'follow'>;
  readonly store: ReadStore;
  readonly projection: Projection<Event, Row>;
  readonly target: ProjectionTarget;
  /** How long the first event of a live batch waits for others. */
  readonly flushAfterMs: number;
  readonly fencingEpoch: bigint;
  readonly logger: Log;
  readonly metrics: ProjectorMetrics;
  readonly notices: PositionNotices;
  readonly onWaiting: (waitingFor: WaitingFor) => void;
  /** Try the streams in quarantine first. */
  readonly replaysHeld: boolean;
  readonly onReplayed: () => void;
  readonly stop: AbortSignal;
}

/**
 * One run of a projection under one lease: check the checkpoint against the log, catch up, follow until something
 * breaks or `stop` is given. Every run starts from what is stored, so that a broken one needs no repair.
 *
 * @throws CheckpointBeyondHead, CheckpointMoved, RowsRefused, ReadStoreUnavailable, LogUnavailable
 */
export async function runSession<Event, Row extends FoldedRow>(
  options: SessionOptions<Event, Row>,
): Promise<void> {
  const lease = keepLease(options);
  let over = false;
  try {
    await refuseForeignLog(options);
    if (options.replaysHeld) await replayHeldStreams(options);
    options.onReplayed();
    const writer = await openObservedWriter(options);
    options.onWaiting('catching up');
    const isStopped = () => over || options.stop.aborted;
    await Promise.race([
      catchUp(options.log, writer, (through) => options.notices.tell(through), isStopped),
      lease.lost,
    ]);
    if (!isStopped()) await followLive(options, writer, lease.lost);
  } finally {
    over = true;
    await lease.stop();
  }
}

function keepLease<Event, Row extends FoldedRow>({
  store,
  target,
  fencingEpoch,
}: SessionOptions<Event, Row>) {
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined);
  const timer = setInterval(() => {
    renewLease(store, target, fencingEpoch)
      .then((kept) => kept || failure.reject(new CheckpointMoved(target.ledger, target.version)))
      .catch((error: unknown) => failure.reject(error));
  }, LEASE_BEAT_MS);
  return {
    lost: failure.promise,
    stop: async () => {
      clearInterval(timer);
      // When Postgres is away the lease runs out by itself.
      await releaseLease(store, target, fencingEpoch).catch(() => undefined);
    },
  };
}

/** The tables must not know more than the log (D21). */
async function refuseForeignLog<Event, Row extends FoldedRow>({
  log,
  store,
  target,
}: SessionOptions<Event, Row>): Promise<void> {
  const checkpoint = await readCheckpoint(store, target);
  const head = await log.head();
  if (checkpoint !== null && checkpoint > head)
    throw new CheckpointBeyondHead(target.ledger, checkpoint, head);
}

/** A writer whose batches are counted, timed and, when something was quarantined, said aloud. */
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
 * A new build may understand what an older one could not, so the first session of a program tries every held stream.
 * Each gets a writer of its own: rows that Postgres refuses again leave the stream held and the writer unusable.
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
  const { log, notices, onWaiting, stop } = options;
  const buffer = createLiveBuffer(async (events, through) => {
    await writer.apply(events, through);
    notices.tell(writer.checkpoint() ?? through);
  }, options.flushAfterMs);
  const following = log.follow({
    filter: { streamPrefixes: FOLLOWED_STREAM_PREFIXES },
    // What was delivered before a break is written first; then the subscription goes on from there.
    after: async () => {
      await buffer.drained();
      return writer.checkpoint() ?? 'start';
    },
    onEvent: (event) => buffer.add(event),
    onCheckpoint: (position) => buffer.mark(position),
    onCaughtUp: () => onWaiting(null),
    onInterrupted: () => onWaiting('event store'),
  });
  try {
    await Promise.race([buffer.failed, leaseLost, aborted(stop)]);
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
