/** Opens the log of one directory: locks, recovers and checks it. It has one writer and any number of readers. */
import { accessSync, constants, mkdirSync } from 'node:fs';
import { DirectoryUnusable, systemCode } from './storage-errors.ts';
import type { StoreLimits } from './store-limits.ts';
import { readRecordedEvent } from '../../event-store/wire/recorded-event.ts';
import { lockDirectory } from './directory-lock.ts';
import { openEventReader, type EventReader } from './event-reader.ts';
import { openGroupCommit } from './group-commit.ts';
import { openClockSteps, nextTime } from './clock-steps.ts';
import { keepIndexFiles } from './keep-index-files.ts';
import { openLogIndex, type LogIndex } from './log-index.ts';
import { openRecentIds } from './recent-ids.ts';
import { recover, type CutEnd } from './recovery.ts';
import { openScavenge, removeUnfinishedPacking, type Scavenge } from './scavenge.ts';
import { keepScavenging } from './scavenge-timer.ts';
import { openSegmentFiles, type Segment } from './segment-files.ts';
import { stageGroup, type StagedEvent } from './staged-group.ts';
import { openStreamView, type StreamView } from './stream-view.ts';
import { verifyAtStart, verifyInBackground } from './verification.ts';
import type { WriteOutcome, WriteRequest } from './write-request.ts';

export interface Log {
  readonly index: LogIndex;
  readonly view: StreamView;
  /** Opens a reader for one caller. A reader reads ahead, so callers at different places must not share one. */
  readonly openReader: () => EventReader;
  /** The position of the newest event, 0 when there is none. */
  readonly head: () => number;
  /** @param bytes memory that the request takes in the queue */
  readonly submit: (request: WriteRequest, bytes: number, answer: (outcome: WriteOutcome) => void) => void;
  readonly scavenge: Scavenge;
  /** Calls `listener` after every publication. The returned function removes the listener. */
  readonly onPublished: (listener: () => void) => () => void;
  /** Finishes the waiting writes, writes the newest index file and unlocks the directory. */
  readonly close: () => Promise<void>;
}

export interface LogSurroundings {
  /** Receives one sentence for the log about a problem that does not stop the store. */
  readonly notice: (sentence: string) => void;
  /** Called when the log cannot continue: the disk failed, or stored bytes are damaged. */
  readonly onFailed: (failure: Error) => void;
}

function prepareDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const reason = systemCode(cause) === 'EACCES' ? 'there is no right to write in it' : String(cause);
    throw new DirectoryUnusable(directory, reason, { cause });
  }
}

/**
 * Opens the log in a directory; makes the directory when it is missing.
 * @throws DirectoryUnusable, StoreLocked, LogCorrupt, DiskFull, DiskFailed
 */
export function openLog(directory: string, limits: StoreLimits, surroundings: LogSurroundings): Log {
  prepareDirectory(directory);
  const unlock = lockDirectory(directory);
  try {
    return openLocked(directory, limits, surroundings, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

function openLocked(
  directory: string,
  limits: StoreLimits,
  surroundings: LogSurroundings,
  unlock: () => void,
): Log {
  removeUnfinishedPacking(directory);
  const index = openLogIndex();
  const clock = openClockSteps();
  const recovered = recover(directory, { index, clock });
  if (recovered.cut !== null) surroundings.notice(sentenceOfCut(recovered.cut));
  const unchecked = verifyAtStart(recovered.segments, limits.verifyAtStartMs);
  const files = openSegmentFiles(
    directory,
    recovered.segments.map(({ segment }) => segment),
    limits.maxOpenSegmentFiles,
  );
  const indexFiles = keepIndexFiles(directory, { index, clock }, files, surroundings.notice);
  const closing = new AbortController();

  const readerForLog = openEventReader(files, index);
  const view = openStreamView(index, clock, readerForLog);
  const eventAt = (ordinal: number) => readRecordedEvent(readerForLog.event(ordinal));
  const eventsAtStart = index.count();
  const recentIds = openRecentIds(limits.rememberedEventIds, function* () {
    const from = Math.max(eventsAtStart, index.count() - limits.rememberedEventIds);
    for (let ordinal = from; ordinal < index.count(); ordinal += 1)
      if (!index.isGone(ordinal)) yield [eventAt(ordinal).id, ordinal] as const;
  });
  const ground = {
    index,
    view,
    recentIds,
    idOf: (ordinal: number) => eventAt(ordinal).id,
  };

  const listeners = new Set<() => void>();
  const activeSegment = (): Segment => files.segments().at(-1) as Segment;

  const publish = (events: readonly StagedEvent[]): void => {
    for (const event of events) {
      recentIds.remember(event.id, index.count());
      clock.note(index.count(), event.createdMs);
      index.add(
        index.streams.intern(event.stream),
        index.types.intern(event.type),
        event.position,
        event.isTombstone,
      );
    }
    for (const listener of listeners) listener();
  };

  const writer = openGroupCommit({
    files,
    limits,
    stage: (requests, startPosition) => {
      const nowMs = Date.now();
      const createdMs = nextTime(clock.newestMs(), nowMs);
      return stageGroup(ground, requests, { startPosition, createdMs, nowMs });
    },
    publish,
    onSegmentClosed: indexFiles.writeSoon,
    onFailed: surroundings.onFailed,
  });

  for (const { segment, isIndexed } of recovered.segments)
    if (!isIndexed && segment !== activeSegment()) indexFiles.writeSoon(segment);
  const verified = verifyInBackground(unchecked, closing.signal).catch(surroundings.onFailed);
  const scavenge = openScavenge({ directory, index, view, files, indexFiles, verified, ...surroundings });

  const scavengeTimer = keepScavenging(
    { directory, scavenge, notice: surroundings.notice },
    limits.scavengeEveryMs,
  );

  return {
    index,
    view,
    openReader: () => openEventReader(files, index),
    head: () => (index.count() === 0 ? 0 : index.positionOf(index.count() - 1)),
    submit: writer.submit,
    scavenge,
    onPublished: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => {
      closing.abort();
      scavengeTimer.stop();
      await writer.close();
      await scavenge.close();
      await indexFiles.settle(limits.shutdownMs / 2);
      indexFiles.writeNow(activeSegment());
      files.close();
      unlock();
    },
  };
}

/**
 * Docket cannot know whether the disk lost bytes that it had confirmed. So the sentence tells the facts, and a person
 * must judge them.
 */
const sentenceOfCut = ({ path, byteOffset, bytes }: CutEnd): string =>
  `Cut ${bytes} bytes off the end of ${path}, from byte ${byteOffset} on: the newest write is not whole. After a crash ` +
  'in the middle of a write this is normal, and the store had confirmed none of these bytes. Only if the disk lost or ' +
  'changed bytes that it had confirmed, confirmed appends are among them (docs/operations.md, "A cut log").';
