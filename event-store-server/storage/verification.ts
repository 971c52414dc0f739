/**
 * Checks the bytes that the index files vouched for. As much as fits in the start's budget is checked before the
 * store opens, newest first; the rest while it runs, in slices that leave room for the work.
 */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { LogCorrupt } from './storage-errors.ts';
import type { RecoveredSegment } from './recovery.ts';
import { SEGMENT_HEADER_BYTES } from './segment-header.ts';
import { readSegmentRecord, walkRecords } from './walk-records.ts';

/** While the store runs, other work gets its turn after this many bytes (well under a millisecond). */
const SLICE_BYTES = 1024 * 1024;

const damaged = (recovered: RecoveredSegment, at: number): LogCorrupt =>
  new LogCorrupt(recovered.segment.path, at, 'the record there is not what was written');

/**
 * Checks segments until the time is used up; returns those that are left.
 * @throws LogCorrupt
 */
export function verifyAtStart(segments: readonly RecoveredSegment[], budgetMs: number): RecoveredSegment[] {
  const until = performance.now() + budgetMs;
  const left = segments.filter(({ uncheckedBytes }) => uncheckedBytes > 0);
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (performance.now() > until) {
      left.push(next);
      break;
    }
    const bytes = readFileSync(next.segment.path).subarray(0, next.uncheckedBytes);
    const badAt = walkRecords(next.segment, bytes, SEGMENT_HEADER_BYTES, () => undefined);
    if (badAt !== null) throw damaged(next, badAt);
  }
  return left;
}

/**
 * Checks the segments that are left while the store runs.
 * @throws LogCorrupt
 */
export async function verifyInBackground(
  segments: readonly RecoveredSegment[],
  signal: AbortSignal,
): Promise<void> {
  for (const recovered of segments) {
    if (signal.aborted) return;
    const { segment, uncheckedBytes } = recovered;
    const bytes = (await readFile(segment.path)).subarray(0, uncheckedBytes);
    let pause = SLICE_BYTES;
    let after = segment.base;
    for (let at = SEGMENT_HEADER_BYTES; at < bytes.length && !signal.aborted;) {
      const record = readSegmentRecord(segment, bytes, at, after);
      if (record === null) throw damaged(recovered, at);
      after = record.position;
      at += record.bytes;
      if (at < pause) continue;
      pause = at + SLICE_BYTES;
      await setImmediate();
    }
  }
}
