import Big from 'big.js';
import type { EquationRule } from '../mapping/mapping-schema.ts';
import type { Candidate } from './candidates.ts';

/** Sums of table columns that equations may name, for example `lines.total`. */
export type ColumnSums = ReadonlyMap<string, Big>;

/** Points for an equation that holds. A candidate has 0 to 1 points. */
const HOLDS_BONUS = 1.1;
const FAILS_MALUS = 0.45;
/**
 * The penalty for a chosen field whose equations all fail although it must balance. It is larger than all points of a
 * candidate.
 */
const LOOSE_MALUS = 3;
const CANDIDATES_TRIED_MAX = 6;
const COMBINATIONS_MAX = 60_000;

/**
 * Chooses one candidate for each field, so that the sum of the points of candidates and equations is the highest. A
 * field may stay empty if that gives more points. A field in no equation takes its best candidate.
 */
export function solve(
  byField: ReadonlyMap<string, readonly Candidate[]>,
  equations: readonly EquationRule[],
  sums: ColumnSums,
  onlyIfBalanced: ReadonlySet<string> = new Set(),
): Map<string, Candidate> {
  const chosen = new Map<string, Candidate>();
  const involved = new Set(
    equations.flatMap((e) => [e.equals, ...e.sum].map(nameOf)).filter((name) => byField.has(name)),
  );
  for (const [name, candidates] of byField) {
    const best = candidates[0];
    if (!involved.has(name) && best) chosen.set(name, best);
  }
  const names = [...involved].filter((name) => (byField.get(name)?.length ?? 0) > 0);
  let options = names.map((name) => distinctValues(byField.get(name) ?? []).slice(0, CANDIDATES_TRIED_MAX));
  while (options.reduce((n, list) => n * (list.length + 1), 1) > COMBINATIONS_MAX) {
    const longest = Math.max(...options.map((list) => list.length));
    options = options.map((list) =>
      list.length === longest && longest > 1 ? list.slice(0, longest - 1) : list,
    );
  }
  const best = bestCombination(names, options, { equations, sums, onlyIfBalanced });
  names.forEach((name, i) => {
    const pick = best[i];
    if (pick) chosen.set(name, pick);
  });
  return chosen;
}

function distinctValues(candidates: readonly Candidate[]): Candidate[] {
  const seen = new Set<string>();
  return candidates.filter((c) => !seen.has(c.value) && seen.add(c.value));
}

/** The largest rounding error of a sum of points. Real differences between sums are far larger. */
const ROUNDING_OF_POINTS = 1e-9;

/** The data that decides about a combination, besides the points of its candidates. */
interface Judgement {
  readonly equations: readonly EquationRule[];
  readonly sums: ColumnSums;
  readonly onlyIfBalanced: ReadonlySet<string>;
}

/**
 * Searches all combinations. It computes an equation as soon as the last of its fields is chosen. It leaves a branch
 * when its choices can no longer reach the best result.
 */
function bestCombination(
  names: readonly string[],
  options: readonly (readonly Candidate[])[],
  { equations, sums, onlyIfBalanced }: Judgement,
): (Candidate | undefined)[] {
  const amounts = new Map<string, Big>(sums);
  const values = options.map((list) => list.map((option) => new Big(option.value)));
  const picked: (Candidate | undefined)[] = [];
  let best: (Candidate | undefined)[] = [];
  let bestScore = Number.NEGATIVE_INFINITY;
  const judged = equations.map((equation) => ({
    equation,
    malus: malusOf(equation, sums),
    holds: false,
    worth: 0,
  }));
  const judge = (one: (typeof judged)[number]): void => {
    const difference = differenceOf(one.equation, amounts);
    one.holds = difference?.abs().times(100).lte(one.equation.toleranceCents) ?? false;
    one.worth = one.holds ? HOLDS_BONUS : difference === undefined ? 0 : -one.malus;
  };
  const lastOf = ({ equals, sum }: EquationRule): number =>
    Math.max(...[equals, ...sum].map((term) => names.indexOf(nameOf(term))));
  const judgedAt = names.map((_, at) => judged.filter(({ equation }) => lastOf(equation) === at));
  for (const one of judged) if (lastOf(one.equation) < 0) judge(one);
  // For each field, the most points that this field and the later fields can still add, including the equations that
  // are still open.
  const mostFrom = [0];
  for (let at = names.length - 1; at >= 0; at -= 1) {
    const points = Math.max(0, ...(options[at] ?? []).map(({ score }) => score));
    mostFrom.unshift((mostFrom[0] ?? 0) + points + HOLDS_BONUS * (judgedAt[at]?.length ?? 0));
  }
  const mustBalance = names.flatMap((name, at) =>
    onlyIfBalanced.has(name) ? [{ at, own: judged.filter(({ equation }) => isIn(name, equation)) }] : [],
  );

  /**
   * Chooses a candidate for the field `at`, then for the later fields.
   * @param settled the points of the equations that are already computed
   */
  const visit = (at: number, points: number, settled: number): void => {
    if (at === names.length) {
      const loose = mustBalance.filter((field) => picked[field.at] && !field.own.some(({ holds }) => holds));
      const worth = judged.reduce((sum, one) => sum + one.worth, 0);
      const score = points + worth - samePlacePenalty(picked) - LOOSE_MALUS * loose.length;
      if (score > bestScore) {
        bestScore = score;
        best = [...picked];
      }
      return;
    }
    if (points + settled + (mostFrom[at] ?? 0) < bestScore - ROUNDING_OF_POINTS) return;
    const name = names[at] as string;
    for (let i = 0; i <= (options[at]?.length ?? 0); i += 1) {
      const option = options[at]?.[i];
      const value = values[at]?.[i];
      picked[at] = option;
      if (value) amounts.set(name, value);
      else amounts.delete(name);
      let worth = 0;
      for (const one of judgedAt[at] ?? []) {
        judge(one);
        worth += one.worth;
      }
      visit(at + 1, points + (option?.score ?? 0), settled + worth);
    }
    amounts.delete(name);
  };
  visit(
    0,
    0,
    judged.reduce((sum, { worth }) => sum + worth, 0),
  );
  return best;
}

/** Penalty for two fields that use the same printed amount, which can belong to one field only. */
function samePlacePenalty(picked: readonly (Candidate | undefined)[]): number {
  const places = new Set<string>();
  let penalty = 0;
  for (const c of picked) {
    if (!c?.box) continue;
    const place = `${c.page}|${c.box.x0}|${c.box.y0}`;
    if (places.has(place)) penalty += 0.9;
    places.add(place);
  }
  return penalty;
}

/** A failed equation with the sum of a table has a smaller penalty, because the table may lack a row. */
function malusOf(equation: EquationRule, sums: ColumnSums): number {
  return [...equation.sum, equation.equals].some((t) => sums.has(nameOf(t))) ? FAILS_MALUS / 2 : FAILS_MALUS;
}

function isIn(name: string, equation: EquationRule): boolean {
  return equation.equals === name || equation.sum.some((term) => nameOf(term) === name);
}

/** The computed sum minus the stated amount; undefined when a term is unknown. */
function differenceOf(equation: EquationRule, amounts: ReadonlyMap<string, Big>): Big | undefined {
  const right = amounts.get(equation.equals);
  if (!right) return undefined;
  const left = sumOf(equation.sum, amounts);
  return left?.minus(right);
}

/** The sum of terms such as `net`, `-withholding`, `vat.tax`; undefined when a term is unknown. */
export function sumOf(terms: readonly string[], amounts: ReadonlyMap<string, Big>): Big | undefined {
  let sum = new Big(0);
  for (const t of terms) {
    const amount = amounts.get(nameOf(t));
    if (!amount) return undefined;
    sum = t.startsWith('-') ? sum.minus(amount) : sum.plus(amount);
  }
  return sum;
}

function nameOf(term: string): string {
  return term.startsWith('-') ? term.slice(1) : term;
}
