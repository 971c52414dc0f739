import type { ExpectedState, ProposedEvent } from '../../event-store/wire/proposed-event.ts';

/** The requests of clients to write to the log, and their outcomes. */

export interface WriteRequest {
  readonly kind: 'append' | 'delete' | 'tombstone';
  readonly stream: Buffer;
  readonly expected: ExpectedState;
  /** The events to write; empty for a deletion. */
  readonly events: readonly ProposedEvent[];
  /** The log does not begin the request after this time (milliseconds since 1970). */
  readonly notAfterMs: number;
}

export type WriteOutcome =
  /**
   * The events are on disk. `revision` and `position` belong to the last event. A request without events has the
   * revision of the stream's last event, or -1, and position null.
   */
  | { readonly kind: 'written'; readonly revision: number; readonly position: number | null }
  | { readonly kind: 'wrong-revision'; readonly actual: number }
  | { readonly kind: 'stream-deleted' }
  /** The log had not begun the request at `notAfterMs`. */
  | { readonly kind: 'expired' }
  /** Nothing of the request is in the log. The client may repeat it when there is room. */
  | { readonly kind: 'disk-full' }
  | { readonly kind: 'too-many-waiting' }
  | { readonly kind: 'closing' };
