import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { openNameTable } from './name-table.ts';
import { openOrdinalLists } from './ordinal-lists.ts';

describe('the name table', () => {
  it('numbers names by first appearance and finds each again, as a Map does', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 12 }), { maxLength: 300 }), (names) => {
        const table = openNameTable();
        const model = new Map<string, number>();
        for (const name of names) {
          if (!model.has(name)) model.set(name, model.size);
          expect(table.intern(Buffer.from(name))).toBe(model.get(name));
        }
        expect(table.size()).toBe(model.size);
        for (const [name, number] of model) {
          expect(table.find(Buffer.from(name))).toBe(number);
          expect(table.name(number).toString()).toBe(name);
          expect(table.startsWith(number, Buffer.from(name).subarray(0, 3))).toBe(true);
          expect(table.startsWith(number, Buffer.from(`${name}x`))).toBe(false);
        }
        expect(table.find(Buffer.from('none of them'))).toBe(-1);
      }),
    );
  });

  it('grows past every first size', () => {
    const table = openNameTable();
    for (let n = 0; n < 20_000; n += 1) table.intern(Buffer.from(`job-${n}`));
    for (let n = 0; n < 20_000; n += 997) expect(table.find(Buffer.from(`job-${n}`))).toBe(n);
  });
});

describe('the ordinal lists', () => {
  it('hold what was pushed, in whatever order the lists grow', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 40 }), { maxLength: 2000 }), (pushes) => {
        const lists = openOrdinalLists();
        const model = new Map<number, number[]>();
        pushes.forEach((list, ordinal) => {
          lists.push(list, ordinal);
          model.set(list, [...(model.get(list) ?? []), ordinal]);
        });
        for (const [list, ordinals] of model) {
          expect(lists.end(list)).toBe(ordinals.length);
          expect(ordinals.map((_, place) => lists.at(list, place))).toEqual(ordinals);
        }
        expect(lists.end(5000)).toBe(0);
      }),
    );
  });

  it('forget the front of a list and go on at any later revision', () => {
    const action = fc.tuple(fc.nat({ max: 8 }), fc.option(fc.nat({ max: 30 }), { nil: null }));
    fc.assert(
      fc.property(fc.array(action, { maxLength: 600 }), (actions) => {
        const lists = openOrdinalLists();
        const model = new Map<number, { first: number; ordinals: number[] }>();
        actions.forEach(([list, before], ordinal) => {
          const known = model.get(list) ?? { first: 0, ordinals: [] };
          model.set(list, known);
          if (before === null) {
            lists.push(list, ordinal);
            known.ordinals.push(ordinal);
          } else {
            lists.forgetBefore(list, before);
            known.ordinals.splice(0, Math.max(0, before - known.first));
            known.first = Math.max(known.first, before);
          }
        });
        for (const [list, { first, ordinals }] of model) {
          expect([lists.first(list), lists.end(list)]).toEqual([first, first + ordinals.length]);
          expect(ordinals.map((_, place) => lists.at(list, first + place))).toEqual(ordinals);
          expect([lists.at(list, first - 1), lists.at(list, first + ordinals.length)]).toEqual([-1, -1]);
        }
      }),
    );
  });
});
