/**
 * Checks the stored bytes that the index files cover. Before the store opens, it checks the newest bytes, as many as
 * the budget of the start allows. It checks the older bytes in slices while the store runs.
 */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { LogCorrupt } from './storage-errors.ts';
import type { RecoveredSegment } from './recovery.ts';
import { SEGMENT_HEADER_BYTES } from './segment-header.ts';
import { readSegmentRecord, walkRecords } from './walk-records.ts';

/** After this many bytes (well under a millisecond) the check lets other work run. */
const SLICE_BYTES = 1024 * 1024;

const damaged = (recovered: RecoveredSegment, at: number): LogCorrupt =>
  new LogCorrupt(recovered.segment.path, at, 'the record there is not what was written');

/**
 * Checks segments until the budget is used up.
 * @returns the segments that are left
 * @throws LogCorrupt when bytes are damaged
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
 * Checks the remaining segments while the store runs.
 * @throws LogCorrupt when bytes are damaged
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
