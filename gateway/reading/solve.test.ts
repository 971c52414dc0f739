import { describe, expect, it } from '@jest/globals';
import Big from 'big.js';
import fc from 'fast-check';
import type { EquationRule } from '../mapping/mapping-schema.ts';
import type { Candidate } from './candidates.ts';
import { solve } from './solve.ts';

const FIELDS = ['net', 'tax', 'gross', 'due'];

const candidate = (value: string, score: number, place: number): Candidate =>
  ({ value, score, page: 1, line: place, box: { x0: place, y0: 1, x1: place + 1, y1: 2 } }) as Candidate;

const candidates = fc
  .array(
    fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 10 }), fc.integer({ min: 0, max: 5 })),
    {
      maxLength: 4,
    },
  )
  .map((list) => list.map(([units, tenths, place]) => candidate(`${units}.00`, tenths / 10, place)));

const equation: fc.Arbitrary<EquationRule> = fc.record({
  equals: fc.constantFrom(...FIELDS),
  sum: fc.array(fc.constantFrom(...FIELDS, ...FIELDS.map((name) => `-${name}`), 'lines.total'), {
    minLength: 1,
    maxLength: 3,
  }),
  toleranceCents: fc.constantFrom(0, 100),
});

/** Computes the score of a choice directly from the rules, without shortcuts and in whole units. */
function worthOf(
  choice: ReadonlyMap<string, Candidate>,
  equations: readonly EquationRule[],
  linesTotal: number,
  mustBalance: ReadonlySet<string>,
): number {
  const bare = (term: string): string => term.replace('-', '');
  const amount = (name: string): number | undefined =>
    name === 'lines.total' ? linesTotal : choice.has(name) ? Number(choice.get(name)?.value) : undefined;
  const judged = equations.map(({ equals, sum, toleranceCents }) => {
    const terms = sum.map((term) => (term.startsWith('-') ? -1 : 1) * (amount(bare(term)) ?? Number.NaN));
    const difference = terms.reduce((all, term) => all + term, 0) - (amount(equals) ?? Number.NaN);
    return {
      names: [equals, ...sum.map(bare)],
      difference,
      holds: Math.abs(difference) * 100 <= toleranceCents,
    };
  });
  let worth = 0;
  for (const { names, difference, holds } of judged)
    if (!Number.isNaN(difference)) worth += holds ? 1.1 : names.includes('lines.total') ? -0.225 : -0.45;
  const places = [...choice.values()].map(({ box }) => box?.x0);
  worth -= 0.9 * (places.length - new Set(places).size);
  for (const [name, { score }] of choice) {
    worth += score;
    if (mustBalance.has(name) && !judged.some(({ names, holds }) => holds && names.includes(name)))
      worth -= 3;
  }
  return worth;
}

function everyChoice(byField: ReadonlyMap<string, readonly Candidate[]>): Map<string, Candidate>[] {
  let choices = [new Map<string, Candidate>()];
  for (const [name, list] of byField)
    choices = choices.flatMap((choice) => [choice, ...list.map((one) => new Map([...choice, [name, one]]))]);
  return choices;
}

describe('the choice among candidates', () => {
  it('is worth as much as the best of all combinations', () => {
    fc.assert(
      fc.property(
        fc.tuple(candidates, candidates, candidates, candidates),
        fc.array(equation, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 0, max: 6 }),
        fc.subarray(FIELDS),
        (lists, equations, linesTotal, balanced) => {
          // Fields without an equation are chosen independently.
          const inEquations = new Set(
            equations.flatMap(({ equals, sum }) => [equals, ...sum.map((t) => t.replace('-', ''))]),
          );
          const byField = new Map(
            FIELDS.map((name, i) => [name, lists[i] ?? []] as const).filter(([name]) =>
              inEquations.has(name),
            ),
          );
          const mustBalance = new Set(balanced);
          const worth = (choice: ReadonlyMap<string, Candidate>): number =>
            worthOf(choice, equations, linesTotal, mustBalance);
          const chosen = solve(
            byField,
            equations,
            new Map([['lines.total', new Big(linesTotal)]]),
            mustBalance,
          );
          // The first of several candidates with the same value represents all of them.
          const distinct = new Map(
            [...byField].map(([name, list]) => [
              name,
              list.filter((one, at) => list.findIndex(({ value }) => value === one.value) === at),
            ]),
          );
          expect(worth(chosen)).toBeCloseTo(Math.max(...everyChoice(distinct).map(worth)), 9);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('takes the first of two choices that are worth the same', () => {
    const byField = new Map([['net', [candidate('1.00', 0.5, 1), candidate('2.00', 0.5, 2)]]]);
    const rules = [{ equals: 'net', sum: ['tax'], toleranceCents: 0 }];
    expect(solve(byField, rules, new Map()).get('net')?.value).toBe('1.00');
  });
});
