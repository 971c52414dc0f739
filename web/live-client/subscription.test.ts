import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nothingHeld, receive, reconnectDelayMs, type Held } from './subscription.ts';

interface Row {
  readonly key: string;
  readonly revision: number;
}
const rules = {
  keyOf: (row: Row) => row.key,
  supersedes: (row: Row, held: Row) => row.revision >= held.revision,
};
const row = (key: string, revision: number): Row => ({ key, revision });
const snapshot = (rows: Row[], { more, token }: { more: boolean; token: string }) => ({
  type: 'snapshot' as const,
  id: 1,
  rows,
  more,
  token,
});
const delta = (rows: Row[], previous: string, token: string) => ({
  type: 'delta' as const,
  id: 1,
  rows,
  previous,
  token,
});
const rowsOf = (held: Held<Row>) => [...held.rows.values()];

describe('a subscription of the live client', () => {
  it('shows a snapshot only when it is whole', () => {
    const half = receive(
      nothingHeld<Row>('jobs'),
      snapshot([row('a', 1)], { more: true, token: 't1' }),
      rules,
    );
    expect(half.changed).toBeNull();
    const whole = receive(half.held, snapshot([row('b', 1)], { more: false, token: 't1' }), rules);
    expect(whole.changed).toEqual([row('a', 1), row('b', 1)]);
    expect(whole.held).toMatchObject({ token: 't1', incoming: null });
  });

  it('forgets with a new snapshot what the old one had', () => {
    const first = receive(
      nothingHeld<Row>('jobs'),
      snapshot([row('a', 1)], { more: false, token: 't1' }),
      rules,
    ).held;
    expect(rowsOf(receive(first, snapshot([row('b', 1)], { more: false, token: 't2' }), rules).held)).toEqual(
      [row('b', 1)],
    );
  });

  it('takes a delta that joins on and reports one that does not as a gap, changing nothing', () => {
    const held = receive(
      nothingHeld<Row>('jobs'),
      snapshot([row('a', 1)], { more: false, token: 't1' }),
      rules,
    ).held;
    const next = receive(held, delta([row('a', 2)], 't1', 't2'), rules);
    expect(next).toMatchObject({ gap: false, changed: [row('a', 2)], held: { token: 't2' } });
    expect(receive(next.held, delta([row('a', 4)], 't3', 't4'), rules)).toEqual({
      held: next.held,
      changed: null,
      gap: true,
    });
  });

  it('keeps the rows on show through a reset until the snapshot that follows is whole', () => {
    const held = receive(
      nothingHeld<Row>('jobs'),
      snapshot([row('a', 1)], { more: false, token: 't1' }),
      rules,
    ).held;
    const reset = receive(held, { type: 'reset', id: 1, reason: 'epoch' }, rules).held;
    expect(reset.token).toBeNull();
    expect(rowsOf(reset)).toEqual([row('a', 1)]);
    expect(rowsOf(receive(reset, snapshot([], { more: false, token: 'u1' }), rules).held)).toEqual([]);
  });

  it('never takes a row back to an earlier revision, in whatever order deltas repeat rows', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(20)), { maxLength: 60 }),
        (changes) => {
          let held = receive(nothingHeld<Row>('jobs'), snapshot([], { more: false, token: 't' }), rules).held;
          const highest = new Map<string, number>();
          for (const [key, revision] of changes) {
            held = receive(held, delta([row(key, revision)], 't', 't'), rules).held;
            highest.set(key, Math.max(highest.get(key) ?? 0, revision));
          }
          expect(new Map(rowsOf(held).map((each) => [each.key, each.revision]))).toEqual(highest);
        },
      ),
    );
  });

  it('waits longer after every failure, up to 20 s, never sooner than asked, spread by jitter', () => {
    expect([0, 1, 2, 3, 10, 4_000].map((failures) => reconnectDelayMs(failures, 1, 0))).toEqual([
      500, 1_000, 2_000, 4_000, 20_000, 20_000,
    ]);
    expect(reconnectDelayMs(3, 0, 0)).toBe(0);
    expect(reconnectDelayMs(3, 0.5, 1_000)).toBe(3_000);
  });

  it('fits, with its socket half, into 200 lines', async () => {
    const files = ['subscription.ts', 'live-client.ts'].map((name) =>
      readFile(join(import.meta.dirname, name), 'utf8'),
    );
    const lines = (await Promise.all(files)).reduce(
      (sum, text) => sum + text.trimEnd().split('\n').length,
      0,
    );
    expect(lines).toBeLessThanOrEqual(200);
  });
});
