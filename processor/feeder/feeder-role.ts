import { outageLog } from '../../runtime/log/outage-log.ts';
import { LogUnavailable } from '../../event-store/errors.ts';
import type { EventLog } from '../../event-store/event-log.ts';
import { differenceFrom, LogDiffers } from '../../event-store/log-difference.ts';
import type { Quarantined } from '../../read-store/projection-engine/fold-batch.ts';
import type { WaitingNow } from '../../runtime/service.ts';
import { FED_STREAM_PREFIXES, startFeed, type Feed } from './feed.ts';
import { feederRest } from './feeder-rest.ts';
import type { BeginAtOnce } from './hand-over.ts';
import { reviewHeld, sweep, type SweepParts } from '../leases/sweeper.ts';
import { FeedLost, type FeedGrant } from '../work-list/work-list.ts';

/** Interval of the feeder's sweeps. */
const SWEEP_EVERY_MS = 1_000;
const COUNT_EVERY_MS = 5_000;
/** Interval of sweeps and counts while the list is empty: a count found no row, and nobody has written since. */
const EMPTY_SWEEP_EVERY_MS = 30_000;
/** Interval of the log lines about a rebuild's progress. */
const PROGRESS_EVERY_MS = 5_000;

const REBUILDING = 'The log was replaced, and the list is being built again from the new one.';

export interface FeederRole {
  /**
   * Takes or keeps the right to feed, and sweeps when this processor has it.
   *
   * @param trustSilence false while heartbeats of other processors may be old because Postgres did not answer
   */
  tend(trustSilence: boolean): Promise<void>;
  isFeeding(): boolean;
  /** Returns the longest pause until the next `tend`: `busyMs` while there is work, otherwise more. */
  pauseMs(busyMs: number): number;
  /**
   * The reason why this processor does not feed the list. Null when it feeds the list, or when another processor
   * feeds it.
   */
  trouble(): WaitingNow | null;
  stop(): Promise<void>;
}

export interface FeederRoleParts extends SweepParts {
  readonly log: EventLog;
  readonly processorId: string;
  readonly workerId: string;
  readonly isBacklogged: () => boolean;
  readonly beginAtOnce: BeginAtOnce;
  readonly onOffered: () => void;
  /** Called when an empty list is about to get a row, so that `tend` comes soon. */
  readonly onFirstRow: () => void;
  readonly onHeld: (held: readonly Quarantined[]) => void;
}

interface Feeding {
  readonly epoch: bigint;
  readonly feed: Feed;
  /** Describes a rebuild of the list after the log was replaced; null for the usual feed. */
  rebuilding: { readonly until: bigint; toldAtMs: number } | null;
  /** True once this feed has brought every event of the log into the list. */
  settled: boolean;
}

/**
 * Lets one processor at a time feed the work list and sweep. Its lease is a row with an epoch, and every write of the
 * feed names that epoch. Postgres thus refuses the writes of a feeder that lost the lease. A feeder that cannot read
 * the log gives up the lease, and takes it again when it can (ADR 0128).
 */
export function feederRole(parts: FeederRoleParts): FeederRole {
  const { list, log, processorId, workerId, settings, logger } = parts;
  let current: Feeding | null = null;
  let failure: string | null = null;
  const outage = outageLog(logger, 'the work list cannot be fed');
  let reviewed = false;
  let isCutOff = false;
  let sweptAtMs = -Infinity;
  let countedAtMs = -Infinity;
  /** True when the last count found no row, and nobody has written to the list since. */
  let isEmpty = false;
  let listings = 0;
  const rest = feederRest(settings.PROCESSOR_SILENT_MS);

  const resign = async (): Promise<void> => {
    const ending = current;
    current = null;
    await ending?.feed.stop();
  };
  const lost = (epoch: bigint, cause: Error): void => {
    if (current?.epoch === epoch) current = null;
    if (cause instanceof FeedLost || cause instanceof LogDiffers)
      return void logger.warn({ err: cause }, 'stopped feeding the work list');
    failure = cause.message;
    outage.failed(cause);
  };

  const begin = async (granted: FeedGrant): Promise<Feeding> => {
    const { grant, until } = await comparedWithLog(parts, granted);
    logger.info({ epoch: grant.epoch.toString() }, 'feeding the work list');
    const feed = startFeed({
      log,
      list,
      commands: parts.commands,
      grant,
      logger,
      isBacklogged: parts.isBacklogged,
      beginAtOnce: parts.beginAtOnce,
      onOffered: parts.onOffered,
      onListed: () => {
        listings += 1;
        const wasEmpty = isEmpty;
        isEmpty = false;
        if (wasEmpty) parts.onFirstRow();
      },
      onHeld: parts.onHeld,
      onLost: (cause) => lost(grant.epoch, cause),
    });
    isEmpty = false;
    return {
      epoch: grant.epoch,
      feed,
      rebuilding: until === null ? null : { until, toldAtMs: -Infinity },
      settled: false,
    };
  };

  const yieldRight = async (): Promise<void> => {
    isCutOff = true;
    await list.dropFeed(workerId);
    await resign();
  };

  const tend = async (trustSilence: boolean): Promise<void> => {
    if (current !== null && isBroken(current.feed, settings.PROCESSOR_SILENT_MS)) {
      logger.warn('the event store does not answer: another processor may feed the work list');
      await yieldRight();
    }
    if (isCutOff) await log.head();
    isCutOff = false;
    const written = current?.feed.written() ?? 'start';
    const grant = await list.holdFeed(processorId, workerId, rest.leaseMs(written, { isEmpty }));
    if (grant === null || (current !== null && current.epoch !== grant.epoch)) await resign();
    if (grant === null) return void (failure = null);
    if (current !== null && isBefore(grant.position, written)) {
      logger.warn(
        { position: String(grant.position), written: String(written) },
        'a crash of Postgres took the work list back: the feed continues from its older checkpoint',
      );
      await resign();
    }
    if (current === null) {
      current = await begin(grant).catch(async (error: unknown) => {
        if (error instanceof LogUnavailable) await yieldRight();
        throw error;
      });
      reviewed = false;
    }
    await tidy(current, trustSilence);
  };

  const tidy = async (feeding: Feeding, trustSilence: boolean): Promise<void> => {
    const nowMs = performance.now();
    if (!feeding.feed.isCaughtUp()) return tellProgress(parts, feeding, nowMs);
    failure = null;
    outage.worked();
    await finishRebuild(parts, feeding);
    if (nowMs - sweptAtMs < (isEmpty ? EMPTY_SWEEP_EVERY_MS : SWEEP_EVERY_MS)) return;
    sweptAtMs = nowMs;
    if (!reviewed) await reviewHeld(parts);
    reviewed = true;
    await sweep(parts, trustSilence);
    if (nowMs - countedAtMs < COUNT_EVERY_MS) return;
    countedAtMs = nowMs;
    const listingsBefore = listings;
    const counts = await list.counts();
    // Only this feed adds rows to the list. A row that it added during the count may be missing in the count.
    isEmpty = listings === listingsBefore && Object.values(counts).every((jobs) => jobs === 0);
    for (const [place, jobs] of Object.entries(counts)) parts.metrics.jobs.set({ place }, jobs);
    parts.metrics.heldStreams.set({ projection: 'work-list' }, counts.held);
  };

  return {
    tend,
    isFeeding: () => current !== null,
    pauseMs: (busyMs) => {
      if (!isEmpty || current === null || current.feed.brokenSinceMs() !== null) return busyMs;
      return rest.emptyPauseMs(current.feed.written(), busyMs);
    },
    trouble: () => {
      if (failure !== null) return { dependency: 'work list', why: `It cannot be written: ${failure}` };
      return current?.rebuilding ? { dependency: 'work list', why: REBUILDING } : null;
    },
    stop: async () => {
      await resign();
      await list.dropFeed(workerId);
    },
  };
}

/**
 * Compares the grant with the log. After the log was replaced, it empties the list and starts at the beginning of the
 * new log.
 * @throws FeedLost, LogUnavailable, ReadStoreUnavailable
 */
async function comparedWithLog(
  { log, list, logger }: FeederRoleParts,
  grant: FeedGrant,
): Promise<{ readonly grant: FeedGrant; readonly until: bigint | null }> {
  const { epoch, position, mark } = grant;
  if (position === 'start') return { grant, until: null };
  const standing = { checkpoint: position, mark, streamPrefixes: FED_STREAM_PREFIXES };
  const difference = await differenceFrom(log, standing);
  if (difference === null) return { grant, until: null };
  const until = await log.head();
  logger.error({ err: difference, alert: 'log-differs' }, 'the work list is built again from the log');
  await list.startOver(epoch, until, difference.message);
  return { grant: { epoch, position: 'start', mark: null }, until };
}

function tellProgress({ logger }: FeederRoleParts, { feed, rebuilding }: Feeding, nowMs: number): void {
  if (rebuilding === null || nowMs - rebuilding.toldAtMs < PROGRESS_EVERY_MS) return;
  rebuilding.toldAtMs = nowMs;
  const position = String(feed.written());
  const until = rebuilding.until.toString();
  logger.warn({ position, until }, 'the work list is being built again');
}

async function finishRebuild({ list, logger }: FeederRoleParts, feeding: Feeding): Promise<void> {
  if (feeding.settled) return;
  // Also ends a rebuild that an earlier feeder did not complete.
  await list.rebuilt(feeding.epoch);
  if (feeding.rebuilding !== null) logger.warn('the work list is built again from the log');
  feeding.rebuilding = null;
  feeding.settled = true;
}

/** True when the subscription has been broken for as long as a processor may be silent. */
function isBroken(feed: Feed, silentMs: number): boolean {
  const sinceMs = feed.brokenSinceMs();
  return sinceMs !== null && performance.now() - sinceMs > silentMs;
}

function isBefore(one: FeedGrant['position'], other: FeedGrant['position']): boolean {
  return other !== 'start' && (one === 'start' || one < other);
}
