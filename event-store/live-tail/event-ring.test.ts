import { expect, it } from '@jest/globals';
import type { RecordedEvent } from '../event-log.ts';
import { createEventRing } from './event-ring.ts';

const eventAt = (position: bigint): RecordedEvent => ({
  id: String(position),
  type: 'Happened',
  stream: 'job-1',
  revision: 0n,
  position,
  created: new Date(0),
  data: {},
  metadata: {},
});

it('holds as many items as it may, the newest, and says which have left it', () => {
  const ring = createEventRing(100n, { itemsMax: 3, bytesMax: Infinity });
  expect([ring.reachesBackTo(), ring.newest(), ring.at(0)]).toEqual([100n, 100n, null]);
  for (const position of [110n, 120n, 130n, 140n, 150n]) ring.add(position, eventAt(position), 1);
  expect([ring.at(0), ring.at(1), ring.at(5)]).toEqual(['gone', 'gone', null]);
  expect(ring.at(2)).toMatchObject({ sequence: 2, position: 130n });
  expect([ring.reachesBackTo(), ring.newest()]).toEqual([120n, 150n]);
});

it('finds the first item behind a position, also one that has not come yet', () => {
  const ring = createEventRing(0n, { itemsMax: 4, bytesMax: Infinity });
  for (const position of [10n, 20n, 30n, 40n, 50n]) ring.add(position, null, 0);
  expect([20n, 25n, 49n, 50n, 90n].map((position) => ring.firstAfter(position))).toEqual([2, 2, 4, 5, 5]);
});

it('holds no more bytes than it may, and the newest item however large it is', () => {
  const ring = createEventRing(0n, { itemsMax: 100, bytesMax: 1_000 });
  for (let position = 1n; position <= 50n; position += 1n) ring.add(position, eventAt(position), 300);
  expect([ring.at(46), ring.reachesBackTo()]).toEqual(['gone', 47n]);
  ring.add(60n, eventAt(60n), 5_000);
  expect([ring.at(49), ring.reachesBackTo()]).toEqual(['gone', 50n]);
  expect(ring.at(50)).toMatchObject({ position: 60n });
});

it('gives up the items before a number, and no more than it has', () => {
  const ring = createEventRing(0n, { itemsMax: 4, bytesMax: Infinity });
  for (const position of [10n, 20n, 30n]) ring.add(position, eventAt(position), 100);
  ring.dropBefore(-5);
  expect(ring.reachesBackTo()).toBe(0n);
  ring.dropBefore(2);
  expect([ring.at(1), ring.reachesBackTo()]).toEqual(['gone', 20n]);
  expect(ring.at(2)).toMatchObject({ position: 30n });
  ring.dropBefore(9);
  expect([ring.reachesBackTo(), ring.at(3)]).toEqual([30n, null]);
  ring.add(40n, null, 0);
  expect(ring.at(3)).toMatchObject({ position: 40n });
});
