/**
 * Whether an append may be written: EventStoreDB's rules for the expected revision, and for an append that was
 * written before (the same event ids in the same places).
 */
import type { ExpectedState } from './write-request.ts';

export interface StreamState {
  /** -1 when the stream has no event. */
  readonly lastRevision: number;
  readonly isTombstoned: boolean;
  readonly isSoftDeleted: boolean;
  readonly truncateBefore: number;
  readonly hasMetadata: () => boolean;
  /** The id of the event at a revision up to the last. */
  readonly idAt: (revision: number) => string;
  /** The revision in this stream of an event written lately, or -1. */
  readonly revisionOf: (id: string) => number;
}

export type AppendDecision =
  | { readonly kind: 'write' }
  /** Written before; `revision` is that of its last event. */
  | { readonly kind: 'repeated'; readonly revision: number }
  | { readonly kind: 'wrong-revision'; readonly actual: number }
  | { readonly kind: 'stream-deleted' };

const WRITE: AppendDecision = { kind: 'write' };

/** Decides an append of events with these ids (none for a deletion). */
export function decideAppend(
  state: StreamState,
  expected: ExpectedState,
  ids: readonly string[],
): AppendDecision {
  if (state.isTombstoned) return { kind: 'stream-deleted' };
  const wrong: AppendDecision = { kind: 'wrong-revision', actual: state.lastRevision };
  switch (expected.kind) {
    case 'revision':
      if (expected.revision === state.lastRevision) return WRITE;
      return repeatedAt(state, ids, expected.revision + 1) ?? wrong;
    case 'no-stream':
      if (state.lastRevision === -1 || state.isSoftDeleted) return WRITE;
      // A stream that was deleted and begun again begins at `$tb`.
      return repeatedAt(state, ids, 0) ?? repeatedAt(state, ids, state.truncateBefore) ?? wrong;
    case 'exists':
      if (state.isSoftDeleted) return { kind: 'stream-deleted' };
      if (state.lastRevision === -1 && !state.hasMetadata()) return wrong;
      return repeatedLately(state, ids) ?? WRITE;
    case 'any':
      return repeatedLately(state, ids) ?? WRITE;
    default:
      return expected satisfies never;
  }
}

function repeatedAt(state: StreamState, ids: readonly string[], from: number): AppendDecision | null {
  const last = from + ids.length - 1;
  if (ids.length === 0 || last > state.lastRevision) return null;
  const isSame = ids.every((id, place) => state.idAt(from + place) === id);
  return isSame ? { kind: 'repeated', revision: last } : null;
}

/** All of the ids one after the other: written before. Some of them: two different appends that share ids. */
function repeatedLately(state: StreamState, ids: readonly string[]): AppendDecision | null {
  const revisions = ids.map((id) => state.revisionOf(id));
  if (revisions.every((revision) => revision === -1)) return null;
  const first = revisions[0] ?? -1;
  const inOrder = first >= 0 && revisions.every((revision, place) => revision === first + place);
  if (!inOrder) return { kind: 'wrong-revision', actual: state.lastRevision };
  return { kind: 'repeated', revision: first + ids.length - 1 };
}
