import { choicesOf, plainWords, sameAmount, unitKey } from './comparable.ts';
import type { UblLine } from './read-ubl.ts';
import type { Difference, Tally } from './difference.ts';
import type { TruthLine } from './truth.ts';
import type { PageWords } from './visible.ts';

type LineValue = Exclude<keyof UblLine, 'otherCodes' | 'priceLessAllowance'>;
const LINE_VALUES = ['code', 'name', 'qty', 'unit', 'price', 'total'] as const satisfies readonly LineValue[];

/**
 * Compares the lines, and every value of each line. A line counts as right when all its known values are right.
 * @param wanted undefined when the lines are not known and not scored
 * @param own undefined for a document that was refused
 */
export function scoreLines(
  wanted: readonly TruthLine[] | undefined,
  own: readonly UblLine[] | undefined,
  page: PageWords,
): { tally: Tally; differences: Difference[] } {
  if (!wanted || wanted.some((line) => line.total !== undefined && !page.hasAmount(line.total)))
    return { tally: { right: 0, wrong: 0, missing: 0 }, differences: [] };
  const visible = wanted.map((line) => visibleOf(line, page));
  const pairs = pairUp(visible, own ?? []);
  const differences: Difference[] = [];
  let right = 0;
  visible.forEach((line, i) => {
    const at = pairs.get(i);
    const read = at === undefined ? undefined : own?.[at];
    if (at === undefined || !read) {
      differences.push({ subject: 'lines', wrong: own !== undefined, text: `line not found: ${said(line)}` });
      return;
    }
    const off = LINE_VALUES.filter((name) => line[name] !== undefined && !agrees(name, read, line));
    if (off.length === 0) right += 1;
    for (const name of off)
      differences.push({
        subject: `line ${at + 1}`,
        wrong: read[name] !== undefined,
        text: `line ${at + 1} ${name}: ${read[name] ?? 'missing'}, truth ${choicesOf(line[name])[0]}`,
      });
  });
  const taken = new Set(pairs.values());
  const extra = (own ?? []).filter((_, at) => !taken.has(at));
  for (const line of extra)
    differences.push({ subject: 'lines', wrong: true, text: `line not in the truth: ${said(line)}` });
  return { tally: { right, wrong: extra.length, missing: visible.length - right }, differences };
}

/** Keeps only the values of a line that the page prints. */
function visibleOf(line: TruthLine, page: PageWords): TruthLine {
  const printed = (value: TruthLine['name']): readonly string[] | undefined => {
    const choices = choicesOf(value).filter((choice) => page.hasWords(choice));
    return choices.length === 0 ? undefined : choices;
  };
  const prices = choicesOf(line.price).filter((price) => page.hasAmount(price));
  return {
    ...line,
    code: printed(line.code),
    name: printed(line.name),
    unit: line.unit !== undefined && page.hasUnit(line.unit) ? line.unit : undefined,
    price: prices.length === 0 ? undefined : choicesOf(line.price),
  };
}

/**
 * True when one of the possible values is right. A line of an e-invoice may have three codes, and its price may be
 * before or after its allowance.
 */
function agrees(name: LineValue, own: UblLine, line: TruthLine): boolean {
  const more = { code: own.otherCodes ?? [], price: [own.priceLessAllowance] };
  const says = [own[name], ...(name === 'code' || name === 'price' ? more[name] : [])];
  return says.some((value) => sameValue(name, value, line));
}

function sameValue(name: LineValue, own: string | undefined, line: TruthLine): boolean {
  return (
    own !== undefined &&
    choicesOf(line[name]).some((wanted) => {
      if (name === 'unit') return unitKey(own) === unitKey(wanted);
      if (name === 'code' || name === 'name') return plainWords(own) === plainWords(wanted);
      return sameAmount(own, wanted);
    })
  );
}

/**
 * Finds for each line of the truth the line of the result that agrees in most values. Each line of the result is used
 * once. Returns their indexes.
 */
function pairUp(wanted: readonly TruthLine[], own: readonly UblLine[]): Map<number, number> {
  const pairs = new Map<number, number>();
  const taken = new Set<number>();
  for (let least: number = LINE_VALUES.length; least > 0; least -= 1)
    wanted.forEach((line, i) => {
      if (pairs.has(i)) return;
      const at = own.findIndex((other, k) => !taken.has(k) && agreement(line, other) >= least);
      if (at < 0) return;
      pairs.set(i, at);
      taken.add(at);
    });
  return pairs;
}

function agreement(line: TruthLine, own: UblLine): number {
  return LINE_VALUES.filter((name) => name !== 'unit' && agrees(name, own, line)).length;
}

function said(line: TruthLine): string {
  return `${line.qty} × ${choicesOf(line.price)[0]} = ${line.total} ${choicesOf(line.name)[0] ?? ''}`;
}
