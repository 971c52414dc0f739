/** Which events of a closed segment nobody can read any more: what the limits and deletions of streams have passed. */
import { setImmediate } from 'node:timers/promises';
import type { LogIndex } from './log-index.ts';
import type { Segment } from './segment-files.ts';
import { describedStream, isMetadataStream } from './stream-limits.ts';
import type { StreamView } from './stream-view.ts';

export interface ScavengePlan {
  /** Positions of the events that go, rising; some may have gone in an earlier run. */
  readonly dropped: readonly number[];
  /** For each stream that loses events here, the revision after the last of them. */
  readonly goneBefore: ReadonlyMap<number, number>;
}

/** While the store runs, other work gets its turn after this many events. */
const TURN_EVENTS = 4096;

/**
 * The first revision of a stream that stays. Its last event always stays, so that the stream goes on at its revision;
 * of a tombstoned stream only the tombstone stays, and nothing of what described it.
 */
function keptFrom(index: LogIndex, view: StreamView, stream: number, nowMs: number): number {
  const events = index.eventsOf(stream);
  if (index.isTombstoned(stream)) return events;
  const name = index.streams.name(stream);
  if (isMetadataStream(name)) {
    const described = index.streams.find(describedStream(name));
    return described >= 0 && index.isTombstoned(described) ? events : events - 1;
  }
  const window = view.windowOf(name, nowMs);
  return window.kind === 'open' ? Math.min(window.first, events - 1) : events - 1;
}

/** Plans a segment; null when all of its events stay. */
export async function planScavenge(
  { index, view }: { readonly index: LogIndex; readonly view: StreamView },
  segment: Segment,
  nowMs: number,
  signal: AbortSignal,
): Promise<ScavengePlan | null> {
  const known = new Map<number, number>();
  const goneBefore = new Map<number, number>();
  const dropped: number[] = [];
  // What is gone from a packed segment is no longer in its file, as a rule, and alone is no reason to write it anew.
  const isReason = (ordinal: number): boolean => segment.packing === null || !index.isGone(ordinal);
  let hasReason = false;
  const stays = (ordinal: number): boolean => {
    if (index.isTombstone(ordinal)) return true;
    const stream = index.streamOf(ordinal);
    const from = known.get(stream) ?? keptFrom(index, view, stream, nowMs);
    known.set(stream, from);
    // Most streams have no limits and are asked no further.
    if (from <= index.firstRevisionOf(stream)) return !index.isGone(ordinal);
    const revision = index.revisionOf(ordinal);
    if (revision >= from) return true;
    goneBefore.set(stream, Math.max(revision + 1, goneBefore.get(stream) ?? 0));
    return false;
  };
  const first = index.ordinalAt(segment.base);
  const end = index.ordinalAt(segment.end);
  for (let ordinal = first; ordinal < end && !signal.aborted; ordinal += 1) {
    if (!stays(ordinal)) {
      dropped.push(index.positionOf(ordinal));
      hasReason ||= isReason(ordinal);
    }
    if ((ordinal - first) % TURN_EVENTS === TURN_EVENTS - 1) await setImmediate();
  }
  return hasReason ? { dropped, goneBefore } : null;
}
