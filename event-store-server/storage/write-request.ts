import type { ExpectedState, ProposedEvent } from '../../event-store/wire/proposed-event.ts';

/** What a client asks the log to write, and what the log answers. */

export interface WriteRequest {
  readonly kind: 'append' | 'delete' | 'tombstone';
  readonly stream: Buffer;
  readonly expected: ExpectedState;
  /** Empty for a deletion. */
  readonly events: readonly ProposedEvent[];
  /** After this time (milliseconds since 1970) the request is not begun any more. */
  readonly notAfterMs: number;
}

export type WriteOutcome =
  /**
   * On disk. `revision` is that of its last event (the stream's last one, or -1, when it had none), `position`
   * its last event's, null when it had none.
   */
  | { readonly kind: 'written'; readonly revision: number; readonly position: number | null }
  | { readonly kind: 'wrong-revision'; readonly actual: number }
  | { readonly kind: 'stream-deleted' }
  /** Not begun before `notAfterMs`. */
  | { readonly kind: 'expired' }
  /** Nothing of it is in the log; it may be repeated when there is room. */
  | { readonly kind: 'disk-full' }
  | { readonly kind: 'too-many-waiting' }
  | { readonly kind: 'closing' };
