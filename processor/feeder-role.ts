import type { EventLog, RecordedEvent } from '../event-store/event-log.ts';
import type { EventNotUnderstood } from '../schemas/event-versions.ts';
import { startFeed, type Feed } from './feed.ts';
import { reviewHeld, sweep, type SweepParts } from './sweeper.ts';
import type { FeedGrant } from './work-list/work-list.ts';

/** How often the feeder sweeps. */
const SWEEP_EVERY_MS = 1_000;
const COUNT_EVERY_MS = 5_000;

export interface FeederRole {
  /**
   * Takes or keeps the right to feed, and sweeps when it is ours.
   *
   * @param trustSilence false while other processors' beats may be old because Postgres was away
   */
  tend(trustSilence: boolean): Promise<void>;
  isFeeding(): boolean;
  stop(): Promise<void>;
}

export interface FeederRoleParts extends SweepParts {
  readonly log: EventLog;
  readonly processorId: string;
  readonly workerId: string;
  readonly isBacklogged: () => boolean;
  readonly onOffered: () => void;
  readonly onNotUnderstood: (event: RecordedEvent, cause: EventNotUnderstood) => void;
}

/**
 * One processor at a time feeds the work list and sweeps; the right is a row with an epoch, and every write of the
 * feed names the epoch. A feeder that is only slow finds its writes refused.
 */
export function feederRole(parts: FeederRoleParts): FeederRole {
  const { list, log, processorId, workerId, settings, logger } = parts;
  let current: { readonly epoch: bigint; readonly feed: Feed } | null = null;
  let reviewed = false;
  let [sweptAtMs, countedAtMs] = [-Infinity, -Infinity];

  const resign = async (): Promise<void> => {
    const ending = current;
    current = null;
    await ending?.feed.stop();
  };

  const tend = async (trustSilence: boolean): Promise<void> => {
    const written = current?.feed.written() ?? 'start';
    const grant = await list.holdFeed(processorId, workerId, settings.PROCESSOR_SILENT_MS);
    if (grant === null || (current !== null && current.epoch !== grant.epoch)) await resign();
    if (grant === null) return;
    if (current !== null && isBefore(grant.position, written)) {
      logger.warn(
        { position: String(grant.position), written: String(written) },
        'a crash took the work list back: it is fed again from where it stands',
      );
      await resign();
    }
    if (current === null) {
      logger.info({ epoch: grant.epoch.toString() }, 'feeding the work list');
      const feed = await startFeed({
        ...{ log, list, commands: parts.commands, grant, logger },
        ...{
          isBacklogged: parts.isBacklogged,
          onOffered: parts.onOffered,
          onNotUnderstood: parts.onNotUnderstood,
        },
        onLost: (cause) => {
          logger.warn({ err: cause }, 'stopped feeding the work list');
          if (current?.epoch === grant.epoch) current = null;
        },
      });
      current = { epoch: grant.epoch, feed };
      reviewed = false;
    }
    await tidy(trustSilence);
  };

  const tidy = async (trustSilence: boolean): Promise<void> => {
    const nowMs = performance.now();
    if (current?.feed.isCaughtUp() !== true || nowMs - sweptAtMs < SWEEP_EVERY_MS) return;
    sweptAtMs = nowMs;
    if (!reviewed) await reviewHeld(parts);
    reviewed = true;
    await sweep(parts, trustSilence);
    if (nowMs - countedAtMs < COUNT_EVERY_MS) return;
    countedAtMs = nowMs;
    for (const [place, jobs] of Object.entries(await list.counts())) parts.metrics.jobs.set({ place }, jobs);
  };

  return {
    tend,
    isFeeding: () => current !== null,
    stop: async () => {
      await resign();
      await list.dropFeed(workerId);
    },
  };
}

function isBefore(one: FeedGrant['position'], other: FeedGrant['position']): boolean {
  return other !== 'start' && (one === 'start' || one < other);
}
