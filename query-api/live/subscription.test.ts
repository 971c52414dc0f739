import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Bookmark } from '../tokens/resume-token.ts';
import {
  flush,
  fromBookmark,
  fromNothing,
  HELD_ROWS_MAX,
  startOver,
  takeChanges,
  takePage,
  type Send,
  type Subscription,
} from './subscription.ts';
import type { ChangedRow, Page } from '../change-feed/page.ts';

const EPOCH = 'e1';
const row = (key: string, position: bigint): ChangedRow => ({
  key,
  owner: 'anna',
  position,
  json: JSON.stringify({ key, position: position.toString() }),
});

/** A projection that changes, the feed that follows it, one subscription, and its client. */
class World {
  epoch = EPOCH;
  head = 0n;
  table = new Map<string, ChangedRow>();
  feedAt = 0n;
  subscription: Subscription | null = null;
  room = true;
  inFlight: Page | null = null;
  rows = new Map<string, bigint>();
  bookmark: Bookmark | null = null;
  building = false;

  change(key: string): void {
    this.head += 1n;
    this.table.set(key, row(key, this.head));
  }
  /** Adds events of other owners, which only move the head. */
  unrelated(): void {
    this.head += 1n;
  }
  feed(): void {
    const rows = this.past(this.feedAt, Infinity);
    this.feedAt = this.head;
    if (!this.subscription || rows.length === 0) return;
    this.apply(takeChanges(this.subscription, { rows, to: this.feedAt }, { clientHasRoom: this.room }));
  }
  connect(): void {
    this.cut();
    this.subscription = this.bookmark ? fromBookmark(this.bookmark, this.feedAt) : fromNothing(this.feedAt);
  }
  cut(): void {
    this.subscription = null;
    this.inFlight = null;
    this.building = false;
  }
  read(limit: number): void {
    if (!this.subscription || this.subscription.phase === 'live') return;
    const rows = this.past(this.subscription.position, limit + 1);
    this.inFlight = {
      epoch: this.epoch,
      head: this.head,
      rows: rows.slice(0, limit),
      more: rows.length > limit,
    };
  }
  arrive(): void {
    if (!this.subscription || !this.inFlight) return;
    const page = this.inFlight;
    this.inFlight = null;
    this.apply(takePage(this.subscription, page));
  }
  drain(): void {
    this.room = true;
    if (this.subscription) this.apply(flush(this.subscription));
  }
  /** Rebuilds the tables: the same rows under another epoch. */
  rebuild(): void {
    this.epoch = `e${this.head}-${this.epoch}`.slice(0, 30);
    this.feedAt = this.head;
    this.inFlight = null;
    if (this.subscription) this.apply(startOver('epoch', this.feedAt));
  }
  past(position: bigint, limit: number): ChangedRow[] {
    const rows = [...this.table.values()].filter((each) => each.position > position);
    rows.sort((a, b) => (a.position < b.position ? -1 : 1));
    return rows.slice(0, limit);
  }
  apply(step: { next: Subscription; send: readonly Send[] }): void {
    this.subscription = step.next;
    for (const send of step.send) this.receive(send);
  }
  receive(send: Send): void {
    if (send.type === 'reset') {
      this.building = false;
      this.bookmark = null;
      return;
    }
    if (send.type === 'snapshot') {
      if (!this.building) this.rows.clear();
      this.building = send.more;
    }
    for (const each of send.rows) {
      const before = this.rows.get(each.key) ?? -1n;
      if (each.position < before || (send.type === 'delta' && each.position === before))
        throw new Error(`row ${each.key} went back, or came twice`);
      this.rows.set(each.key, each.position);
    }
    this.bookmark = this.building ? null : send.to;
  }
  settle(): void {
    if (!this.subscription) this.connect();
    for (let rounds = 0; this.subscription?.phase !== 'live'; rounds += 1) {
      if (rounds > 200) throw new Error('never became live');
      if (!this.inFlight) this.read(50);
      this.arrive();
    }
    this.drain();
    this.feed();
  }
}

const act = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('change' as const), key: fc.constantFrom(...'abcdefgh') }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unrelated' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('feed' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('connect' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cut' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('read' as const), limit: fc.integer({ min: 1, max: 5 }) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('arrive' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('full' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drain' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rebuild' as const) }) },
);

describe('a subscription', () => {
  it('ends with exactly the rows of the table, whatever is cut, held, switched or late [I9][D12]', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 120 }), (acts) => {
        const world = new World();
        for (const each of acts)
          if (each.do === 'change') world.change(each.key);
          else if (each.do === 'read') world.read(each.limit);
          else if (each.do === 'full') world.room = false;
          else world[each.do]();

        world.settle();
        expect([...world.rows].sort()).toEqual(
          [...world.table.values()].map((each) => [each.key, each.position]).sort(),
        );
      }),
      { numRuns: 3_000 },
    );
  });

  it('sends the missed rows to a client that comes back, and nothing twice', () => {
    const subscription = fromBookmark({ epoch: EPOCH, position: 5n }, 9n);
    const step = takePage(subscription, { epoch: EPOCH, head: 9n, rows: [row('a', 7n)], more: false });
    expect(step.next.phase).toBe('live');
    expect(step.send).toEqual([{ type: 'delta', rows: [row('a', 7n)], to: { epoch: EPOCH, position: 9n } }]);
  });

  it('says reset when more was missed than one page holds', () => {
    const subscription = fromBookmark({ epoch: EPOCH, position: 5n }, 9n);
    const step = takePage(subscription, { epoch: EPOCH, head: 9n, rows: [row('a', 7n)], more: true });
    expect(step.send).toEqual([{ type: 'reset', reason: 'expired' }]);
    expect(step.next.phase).toBe('snapshot');
  });

  it('says reset to a bookmark of another epoch and to one from the future', () => {
    const page: Page = { epoch: 'e2', head: 9n, rows: [], more: false };
    expect(takePage(fromBookmark({ epoch: EPOCH, position: 5n }, 9n), page).send).toEqual([
      { type: 'reset', reason: 'epoch' },
    ]);
    expect(takePage(fromBookmark({ epoch: 'e2', position: 10n }, 9n), page).send).toEqual([
      { type: 'reset', reason: 'invalid' },
    ]);
  });

  it('reads on when the table was read at a moment before it joined the feed', () => {
    const page: Page = { epoch: EPOCH, head: 7n, rows: [row('a', 7n)], more: false };
    expect(takePage(fromNothing(9n), page).next.phase).toBe('chase');
  });

  it('holds only the latest change of each row while its socket is full', () => {
    let subscription = takePage(fromNothing(0n), { epoch: EPOCH, head: 0n, rows: [], more: false }).next;
    for (let at = 1n; at <= 500n; at += 1n)
      subscription = takeChanges(
        subscription,
        { rows: [row('a', at)], to: at },
        { clientHasRoom: false },
      ).next;

    expect(subscription.held.size).toBe(1);
    expect(subscription.heldBytes).toBe(row('a', 500n).json.length);
    expect(flush(subscription).send).toEqual([
      { type: 'delta', rows: [row('a', 500n)], to: { epoch: EPOCH, position: 500n } },
    ]);
  });

  it('does not hold more than its bound while it catches up, and reads the table again instead', () => {
    let subscription = fromNothing(0n);
    const rows = Array.from({ length: HELD_ROWS_MAX + 1 }, (_, at) => row(`r${at}`, BigInt(at + 1)));
    subscription = takeChanges(subscription, { rows, to: 2_000n }, { clientHasRoom: true }).next;
    expect(subscription.held.size).toBe(0);
    const step = takePage(subscription, { epoch: EPOCH, head: 0n, rows: [], more: false });
    expect(step.next.phase).toBe('chase');
  });
});
