import { BEFORE_EVERYTHING, type ChangedRow, type Page } from '../change-feed/page.ts';
import type { Bookmark } from '../tokens/resume-token.ts';

/**
 * The server's state of one subscription. The client was sent every row up to `position` that it may see. While the
 * subscription catches up from the tables, or while its socket is full, it holds the latest change of each row.
 */
export interface Subscription {
  /** Null until the first page was read. */
  readonly epoch: string | null;
  readonly position: bigint;
  /**
   * The position of the change feed when the subscription joined. The feed does not deliver earlier changes, so the
   * subscription must read the table at least up to this position.
   */
  readonly since: bigint;
  readonly phase: 'snapshot' | 'resume' | 'chase' | 'live';
  readonly held: ReadonlyMap<string, ChangedRow>;
  readonly heldTo: bigint;
  readonly heldBytes: number;
  /** True when the subscription dropped changes because it held too many. The subscription must then read the table. */
  readonly overflowed: boolean;
}

/** A message to the client, before its token is sealed. */
export type Send =
  | {
      readonly type: 'snapshot';
      readonly rows: readonly ChangedRow[];
      readonly more: boolean;
      readonly to: Bookmark;
    }
  | { readonly type: 'delta'; readonly rows: readonly ChangedRow[]; readonly to: Bookmark }
  | { readonly type: 'reset'; readonly reason: 'epoch' | 'expired' | 'invalid' };

export interface Step {
  readonly next: Subscription;
  readonly send: readonly Send[];
}

/**
 * Number of rows held for one subscription while it catches up. Beyond that, the rows are read from the table again.
 */
export const HELD_ROWS_MAX = 1_000;

const NOTHING: ReadonlyMap<string, ChangedRow> = new Map();

/** A subscription that starts with all rows. The feed delivers changes after `since`. */
export function fromNothing(since: bigint): Subscription {
  return {
    epoch: null,
    position: BEFORE_EVERYTHING,
    since,
    phase: 'snapshot',
    held: NOTHING,
    heldTo: BEFORE_EVERYTHING,
    heldBytes: 0,
    overflowed: false,
  };
}

/** A subscription of a client that has every row up to its bookmark. */
export function fromBookmark(bookmark: Bookmark, since: bigint): Subscription {
  return { ...fromNothing(since), epoch: bookmark.epoch, position: bookmark.position, phase: 'resume' };
}

/**
 * Starts over with all rows, because the client's bookmark is unusable or the tables were switched. It also drops held
 * changes.
 */
export function startOver(reason: 'epoch' | 'expired' | 'invalid', since: bigint): Step {
  return { next: fromNothing(since), send: [{ type: 'reset', reason }] };
}

/**
 * Takes a page that was read from the table at `subscription.position`. Pages are in the order of positions. So a row
 * that changes meanwhile moves to a later page: no row is missed, and no row goes back. The last page makes the
 * subscription live, and held changes follow.
 */
export function takePage(subscription: Subscription, page: Page): Step {
  const { epoch, position, phase, since } = subscription;
  if (epoch !== null && epoch !== page.epoch) return startOver('epoch', since);
  if (page.head < position) return startOver('invalid', since);
  if (phase === 'resume' && page.more) return startOver('expired', since);
  const reached = page.more ? (page.rows.at(-1)?.position ?? position) : page.head;
  const to: Bookmark = { epoch: page.epoch, position: reached };
  const first: Send =
    phase === 'snapshot'
      ? { type: 'snapshot', rows: page.rows, more: page.more, to }
      : { type: 'delta', rows: page.rows, to };
  const next: Subscription = { ...subscription, epoch: page.epoch, position: reached };
  if (page.more) return { next, send: [first] };
  if (subscription.overflowed) return { next: { ...nothingHeld(next), phase: 'chase' }, send: [first] };
  if (page.head < since) return { next: { ...next, phase: 'chase' }, send: [first] };
  const flushed = flush({ ...next, phase: 'live' });
  return { next: flushed.next, send: [first, ...flushed.send] };
}

/**
 * Takes rows of the change feed, which is complete up to `to`. It sends them at once if the client has room, and holds
 * them otherwise.
 */
export function takeChanges(
  subscription: Subscription,
  changes: { readonly rows: readonly ChangedRow[]; readonly to: bigint },
  { clientHasRoom }: { readonly clientHasRoom: boolean },
): Step {
  const { position, phase, held, epoch } = subscription;
  if (changes.to <= position) return { next: subscription, send: [] };
  const rows = changes.rows.every((row) => row.position > position)
    ? changes.rows
    : changes.rows.filter((row) => row.position > position);
  if (rows.length === 0) return { next: subscription, send: [] };
  if (phase === 'live' && clientHasRoom && held.size === 0 && epoch !== null) {
    const next = { ...subscription, position: changes.to };
    return { next, send: [{ type: 'delta', rows, to: { epoch, position: changes.to } }] };
  }
  const next = hold(subscription, rows, changes.to);
  return clientHasRoom ? flush(next) : { next, send: [] };
}

/** Sends the held changes, because there is room now. */
export function flush(subscription: Subscription): Step {
  const { epoch, position, held, heldTo, phase } = subscription;
  if (phase !== 'live' || held.size === 0 || epoch === null) return { next: subscription, send: [] };
  const rows = [...held.values()].filter((row) => row.position > position).sort(byPosition);
  const next = nothingHeld(subscription);
  if (rows.length === 0) return { next, send: [] };
  return {
    next: { ...next, position: heldTo },
    send: [{ type: 'delta', rows, to: { epoch, position: heldTo } }],
  };
}

/**
 * Keeps the latest change of each row. While the subscription catches up, the number of held rows is limited. A live
 * client that is too slow is disconnected instead.
 */
function hold(subscription: Subscription, rows: readonly ChangedRow[], to: bigint): Subscription {
  if (subscription.overflowed) return subscription;
  const held = new Map(subscription.held);
  let heldBytes = subscription.heldBytes;
  for (const row of rows) {
    heldBytes += row.json.length - (held.get(row.key)?.json.length ?? 0);
    held.set(row.key, row);
  }
  if (subscription.phase !== 'live' && held.size > HELD_ROWS_MAX)
    return { ...nothingHeld(subscription), overflowed: true };

  return { ...subscription, held, heldBytes, heldTo: to };
}

function nothingHeld(subscription: Subscription): Subscription {
  return { ...subscription, held: NOTHING, heldBytes: 0, heldTo: BEFORE_EVERYTHING, overflowed: false };
}

function byPosition(a: ChangedRow, b: ChangedRow): number {
  return a.position < b.position ? -1 : 1;
}
