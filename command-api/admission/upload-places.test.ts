import { describe, expect, it } from '@jest/globals';
import { shareUploadPlaces } from './admission.ts';

/** Fills all `placesMax` places with uploads. The test controls their clock and bytes. */
function crowd(placesMax: number) {
  let nowMs = 0;
  const places = shareUploadPlaces(placesMax, () => nowMs);
  const ended: string[] = [];
  const bytesOf = new Map<string, number>();
  const complete = new Set<string>();
  const come = (name: string, clientKey: string, owner = name) =>
    places.take({
      clientKey,
      owner,
      bytes: () => bytesOf.get(name) ?? 0,
      isReceiving: () => !complete.has(name),
      giveUp: () => void ended.push(name),
    });
  const pass = (ms: number, bytes: Record<string, number> = {}): void => {
    nowMs += ms;
    for (const [name, count] of Object.entries(bytes)) bytesOf.set(name, (bytesOf.get(name) ?? 0) + count);
  };
  return { come, pass, ended, places, complete };
}

const FAST = 1024 * 1024;

describe('places for uploads', () => {
  it('are for anybody while they are free', () => {
    const { come, places, ended } = crowd(3);
    const leaves = ['a', 'b', 'c'].map((name) => come(name, '192.0.2.1', 'one'));
    expect(places.taken()).toBe(3);
    leaves[0]?.();
    expect(come('d', '192.0.2.1', 'one')).not.toBeNull();
    expect(ended).toEqual([]);
  });

  it('go from an upload below 32 KiB a second to whoever asks [A-UP12]', () => {
    const { come, pass, ended } = crowd(2);
    come('slow', '192.0.2.1');
    come('fast', '192.0.2.1');
    pass(3_000, { slow: 3 * 1_100, fast: 3 * FAST });
    expect(come('honest', '192.0.2.1')).not.toBeNull();
    expect(ended).toEqual(['slow']);
  });

  it('are shared by address: the slowest upload of the address with the most makes room for another address', () => {
    const { come, pass, ended } = crowd(4);
    for (const name of ['g1', 'g2', 'g3']) come(name, '192.0.2.1');
    come('other', '192.0.2.2');
    pass(3_000, { g1: 9 * FAST, g2: 3 * FAST, g3: 6 * FAST, other: FAST });
    expect(come('new', '192.0.2.3')).not.toBeNull();
    expect(ended).toEqual(['g2']);
  });

  it('are shared by owner within one address', () => {
    const { come, pass, ended } = crowd(3);
    for (const name of ['g1', 'g2']) come(name, '192.0.2.1', 'greedy');
    come('m1', '192.0.2.1', 'modest');
    pass(3_000, { g1: 3 * FAST, g2: 6 * FAST, m1: FAST });
    expect(come('new', '192.0.2.1', 'third')).not.toBeNull();
    expect(ended).toEqual(['g1']);
  });

  it('are refused to who has a fair share already, and to a newcomer among equals', () => {
    const { come, pass, ended } = crowd(2);
    come('a', '192.0.2.1');
    come('b', '192.0.2.2');
    pass(3_000, { a: 3 * FAST, b: 3 * FAST });
    expect(come('a2', '192.0.2.1', 'a')).toBeNull();
    expect(come('c', '192.0.2.3')).toBeNull();
    expect(ended).toEqual([]);
  });

  it('are not taken from an upload whose body is whole', () => {
    const { come, pass, ended, complete } = crowd(1);
    come('done', '192.0.2.1');
    complete.add('done');
    pass(60_000);
    expect(come('new', '192.0.2.2')).toBeNull();
    expect(ended).toEqual([]);
  });
});
