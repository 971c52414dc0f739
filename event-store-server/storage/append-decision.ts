/**
 * Decides whether an append may be written, by EventStoreDB's rules for the expected revision. The rules recognise an
 * append that was written earlier, because the same event ids are at the same revisions.
 */
import type { ExpectedState } from '../../event-store/wire/proposed-event.ts';

export interface StreamState {
  /** -1 when the stream has no event. */
  readonly lastRevision: number;
  readonly isTombstoned: boolean;
  readonly isSoftDeleted: boolean;
  readonly hasMetadata: () => boolean;
  /** The id of the event at `revision`, which is at most `lastRevision`. */
  readonly idAt: (revision: number) => string;
  /** The newest revision in this stream of a recent event with this id, or -1. */
  readonly revisionOf: (id: string) => number;
}

export type AppendDecision =
  | { readonly kind: 'write' }
  /** The append was written earlier; `revision` is the revision of its last event. */
  | { readonly kind: 'repeated'; readonly revision: number }
  | { readonly kind: 'wrong-revision'; readonly actual: number }
  | { readonly kind: 'stream-deleted' };

const WRITE: AppendDecision = { kind: 'write' };
const NO_EVENT = -1;

/** Decides an append of events with these ids. A deletion has one id, which no other event has. */
export function decideAppend(
  state: StreamState,
  expected: ExpectedState,
  ids: readonly string[],
): AppendDecision {
  if (state.isTombstoned) return { kind: 'stream-deleted' };
  switch (expected.kind) {
    case 'revision':
      return decideAfter(state, expected.revision, ids);
    case 'no-stream':
      return decideAfter(state, NO_EVENT, ids);
    case 'exists':
      if (state.isSoftDeleted) return { kind: 'stream-deleted' };
      if (state.lastRevision === NO_EVENT && !state.hasMetadata()) return wrongRevision(state);
      return repeatedLately(state, ids);
    case 'any':
      return repeatedLately(state, ids);
    default:
      return expected satisfies never;
  }
}

const wrongRevision = ({ lastRevision }: StreamState): AppendDecision => ({
  kind: 'wrong-revision',
  actual: lastRevision,
});

/** Compares the events after `revision` with the append, id by id. */
function decideAfter(state: StreamState, revision: number, ids: readonly string[]): AppendDecision {
  if (revision === state.lastRevision) return WRITE;
  if (revision > state.lastRevision) return wrongRevision(state);
  const differs = ids.findIndex((id, place) => {
    const at = revision + 1 + place;
    return at > state.lastRevision || state.idAt(at) !== id;
  });
  if (differs < 0)
    return ids.length === 0 ? wrongRevision(state) : { kind: 'repeated', revision: revision + ids.length };

  // An append can begin a soft-deleted stream again when its first id differs from the id of the stream's first
  // event.
  return revision === NO_EVENT && differs === 0 && state.isSoftDeleted ? WRITE : wrongRevision(state);
}

/**
 * The first id decides. When it is unknown, the whole append is written, known ids included. When it is known, all
 * other ids must be known too, in any order.
 */
function repeatedLately(state: StreamState, ids: readonly string[]): AppendDecision {
  const revisions = ids.map((id) => state.revisionOf(id));
  const [first] = revisions;
  if (first === undefined || first < 0) return WRITE;
  if (revisions.some((revision) => revision < 0)) return wrongRevision(state);
  return { kind: 'repeated', revision: revisions.at(-1) as number };
}
