/**
 * Frees the space of events that the limits and deletions of streams hide. Scavenge writes each closed segment again
 * beside itself, oldest first, and renames the new file over the old one. Positions do not change. A kill at any
 * moment leaves either the old or the new segment. Scavenge deletes the index file first, because the file would not
 * match the new segment.
 */
import { randomUUID } from 'node:crypto';
import { readdirSync, renameSync, rmSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LogCorrupt } from './storage-errors.ts';
import type { IndexFiles } from './keep-index-files.ts';
import type { LogIndex } from './log-index.ts';
import { packSegment } from './pack-segment.ts';
import { planScavenge, type ScavengePlan } from './scavenge-plan.ts';
import { fileBytesOf, segmentPath, type Segment, type SegmentFiles } from './segment-files.ts';
import type { StreamView } from './stream-view.ts';

export interface ScavengeReport {
  readonly outcome: 'done' | 'stopped' | 'failed';
  /** The reason why the run failed, or null. */
  readonly reason: string | null;
  /** Number of closed segments that the run examined, and number of segments that it wrote again. */
  readonly segments: number;
  readonly rewritten: number;
  /** Number of removed events. */
  readonly events: number;
  readonly bytesFreed: number;
  readonly ms: number;
}

export interface ScavengeRun {
  readonly id: string;
  readonly report: Promise<ScavengeReport>;
}

export interface Scavenge {
  /** Begins a run, or returns the current run. */
  readonly start: () => ScavengeRun & { readonly isNew: boolean };
  /** Ends the run with this id after its current segment. False when that run is not running. */
  readonly stop: (id: string) => boolean;
  /** Ends the current run and begins no other. */
  readonly close: () => Promise<void>;
}

export interface ScavengeGround {
  readonly directory: string;
  readonly index: LogIndex;
  readonly view: StreamView;
  readonly files: SegmentFiles;
  readonly indexFiles: IndexFiles;
  /** Resolves when the background check reads no closed segment any more. */
  readonly verified: Promise<void>;
  readonly notice: (sentence: string) => void;
  readonly onFailed: (failure: Error) => void;
}

const PACKED = 'packed';

/** Removes the unfinished file of a killed run. */
export function removeUnfinishedPacking(directory: string): void {
  for (const name of readdirSync(directory)) if (/^\d{16}\.packed$/.test(name)) rmSync(join(directory, name));
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  await handle.sync().finally(() => handle.close());
}

/** The closed segments. None while they hold the newest event, because the log's last position must not go back. */
function closedSegments({ files, index }: ScavengeGround): readonly Segment[] {
  const segments = files.segments();
  const active = segments.at(-1) as Segment;
  return index.ordinalAt(active.base) === index.count() ? [] : segments.slice(0, -1);
}

/**
 * Writes one segment again and puts it in place.
 * @returns the events and bytes that its file lost
 */
async function scavengeSegment(
  ground: ScavengeGround,
  segment: Segment,
  plan: ScavengePlan,
  signal: AbortSignal,
): Promise<{ readonly events: number; readonly bytes: number }> {
  const { directory, files, index, indexFiles } = ground;
  const beside = segmentPath(directory, segment.base, PACKED);
  try {
    const { packing, events } = await packSegment(segment, plan.dropped, beside, signal);
    await indexFiles.settled();
    await rm(segmentPath(directory, segment.base, 'index'), { force: true });
    await syncDirectory(directory);
    const packed: Segment = { path: segment.path, base: segment.base, end: segment.end, packing };
    // Both lines run in one turn, so that nobody reads the new file with the old offsets.
    renameSync(beside, segment.path);
    files.replace(segment, packed);
    for (const [stream, revision] of plan.goneBefore) index.forgetBefore(stream, revision);
    await syncDirectory(directory);
    indexFiles.writeSoon(packed);
    return { events, bytes: fileBytesOf(segment) - packing.fileBytes };
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

export function openScavenge(ground: ScavengeGround): Scavenge {
  let running: (ScavengeRun & { readonly stopping: AbortController }) | null = null;
  let isClosed = false;

  const work = async (signal: AbortSignal): Promise<ScavengeReport> => {
    const began = performance.now();
    const nowMs = Date.now();
    const sums = { segments: 0, rewritten: 0, events: 0, bytesFreed: 0 };
    const reportOf = (outcome: ScavengeReport['outcome'], reason: string | null): ScavengeReport =>
      Object.assign({ outcome, reason, ms: Math.round(performance.now() - began) }, sums);
    try {
      await ground.verified;
      for (const segment of closedSegments(ground)) {
        if (signal.aborted) return reportOf('stopped', null);
        sums.segments += 1;
        const plan = await planScavenge(ground, segment, nowMs, signal);
        if (plan === null) continue;
        signal.throwIfAborted();
        const lost = await scavengeSegment(ground, segment, plan, signal);
        sums.rewritten += 1;
        sums.events += lost.events;
        sums.bytesFreed += lost.bytes;
      }
      return reportOf(signal.aborted ? 'stopped' : 'done', null);
    } catch (error) {
      if (signal.aborted) return reportOf('stopped', null);
      if (error instanceof LogCorrupt) ground.onFailed(error);
      const reason = error instanceof Error ? error.message : String(error);
      ground.notice(`Scavenge stopped, and nothing was lost: ${reason}`);
      return reportOf('failed', reason);
    }
  };

  const begin = (): ScavengeRun => {
    const stopping = new AbortController();
    if (isClosed) stopping.abort();
    const report = work(stopping.signal).then((done) => {
      running = null;
      if (done.events > 0) ground.notice(sentenceOf(done));
      return done;
    });
    running = { id: randomUUID(), report, stopping };
    return running;
  };

  return {
    start: () => {
      const isNew = running === null;
      const { id, report } = running ?? begin();
      return { id, report, isNew };
    },
    stop: (id) => {
      if (running?.id !== id) return false;
      running.stopping.abort();
      return true;
    },
    close: async () => {
      isClosed = true;
      running?.stopping.abort();
      await running?.report;
    },
  };
}

const sentenceOf = ({ events, bytesFreed, rewritten, segments, ms }: ScavengeReport): string =>
  `Scavenge removed ${events} events and freed ${bytesFreed} bytes: ${rewritten} of ${segments} closed segments were ` +
  `written anew in ${ms} ms.`;
