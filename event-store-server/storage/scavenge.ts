/**
 * Frees what the limits and deletions of streams have passed. One closed segment after the other, oldest first, is
 * written anew beside itself and renamed into its place; positions stay as they are. A kill at any moment leaves the
 * segment as it was or as it is to be. The index file goes first, so that it never stands beside a file it was not
 * made for.
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
  /** Why it failed. */
  readonly reason: string | null;
  /** Closed segments that were looked at, and those that were written anew. */
  readonly segments: number;
  readonly rewritten: number;
  /** Events that were removed. */
  readonly events: number;
  readonly bytesFreed: number;
  readonly ms: number;
}

export interface ScavengeRun {
  readonly id: string;
  readonly report: Promise<ScavengeReport>;
}

export interface Scavenge {
  /** Begins a run; one that is going on is answered instead. */
  readonly start: () => ScavengeRun & { readonly isNew: boolean };
  /** Ends the run with this id after the segment it is at; false when it is not going on. */
  readonly stop: (id: string) => boolean;
  /** Ends what is going on and begins nothing more. */
  readonly close: () => Promise<void>;
}

export interface ScavengeGround {
  readonly directory: string;
  readonly index: LogIndex;
  readonly view: StreamView;
  readonly files: SegmentFiles;
  readonly indexFiles: IndexFiles;
  /** Resolves when no closed segment is read for checking any more. */
  readonly verified: Promise<void>;
  readonly notice: (sentence: string) => void;
  readonly onFailed: (failure: Error) => void;
}

const PACKED = 'packed';

/** Removes what a kill left of a run. */
export function removeUnfinishedPacking(directory: string): void {
  for (const name of readdirSync(directory)) if (/^\d{16}\.packed$/.test(name)) rmSync(join(directory, name));
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  await handle.sync().finally(() => handle.close());
}

/** Closed segments whose events are not the newest of the log: its last position must not go back. */
function closedSegments({ files, index }: ScavengeGround): readonly Segment[] {
  const segments = files.segments();
  const active = segments.at(-1) as Segment;
  return index.ordinalAt(active.base) === index.count() ? [] : segments.slice(0, -1);
}

/** Writes one segment anew and puts it in place; what its file lost. */
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
    // In one turn, so that nobody reads the new file by the old places.
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
