/**
 * Plans which events of a closed segment a scavenge removes. They are the events that the limits and deletions of
 * streams hide from every reader.
 */
import { setImmediate } from 'node:timers/promises';
import type { LogIndex } from './log-index.ts';
import type { Segment } from './segment-files.ts';
import { describedStream, isMetadataStream } from './stream-limits.ts';
import type { StreamView } from './stream-view.ts';

export interface ScavengePlan {
  /** Positions of the events to drop, in rising order. An earlier run may have removed some of them. */
  readonly dropped: readonly number[];
  /** The revision after the last dropped event, for each stream that loses events. */
  readonly goneBefore: ReadonlyMap<number, number>;
}

/** After this many events the plan lets other work run. */
const TURN_EVENTS = 4096;

/**
 * The first revision of a stream that scavenge keeps. The last event always stays, because the next revision follows
 * from it. Of a tombstoned stream only the tombstone stays; its metadata stream loses all events.
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

/**
 * Plans one segment.
 * @returns null when no event can go
 */
export async function planScavenge(
  { index, view }: { readonly index: LogIndex; readonly view: StreamView },
  segment: Segment,
  nowMs: number,
  signal: AbortSignal,
): Promise<ScavengePlan | null> {
  const known = new Map<number, number>();
  const goneBefore = new Map<number, number>();
  const dropped: number[] = [];
  // A packed file has usually lost its gone events already. So gone events alone are no reason to write the file
  // again.
  const isReason = (ordinal: number): boolean => segment.packing === null || !index.isGone(ordinal);
  let hasReason = false;
  const stays = (ordinal: number): boolean => {
    if (index.isTombstone(ordinal)) return true;
    const stream = index.streamOf(ordinal);
    const from = known.get(stream) ?? keptFrom(index, view, stream, nowMs);
    known.set(stream, from);
    // Most streams have no limits, so their revisions need no lookup.
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
