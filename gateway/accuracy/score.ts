import Big from 'big.js';
import type { FieldName, Truth, TruthLine } from './truth.ts';
import { FIELD_NAMES } from './truth.ts';
import type { UblContent } from './read-ubl.ts';

/** Counts of one document, or of many added up. */
export interface Tally {
  readonly right: number;
  readonly wrong: number;
  readonly missing: number;
}

export interface DocumentScore {
  readonly fields: Tally;
  readonly lines: Tally;
  /** Every known value is right. */
  readonly exact: boolean;
  /** A value is there and wrong. */
  readonly anyWrong: boolean;
  /** What differs, for people: `grand: 10.00, truth 12.00`. */
  readonly differences: readonly string[];
}

/**
 * Compares a result with the truth.
 * @param result undefined for a document that was refused: every known value is missing
 * @param pageText all words of the document, for sets whose truth is not from the page
 */
export function scoreDocument(truth: Truth, result: UblContent | undefined, pageText: string): DocumentScore {
  const page = squash(pageText);
  const differences: string[] = [];
  const fields = { right: 0, wrong: 0, missing: 0 };
  for (const name of FIELD_NAMES) {
    const wanted = truth.fields[name];
    if (wanted === undefined || (truth.onlyVisible && !isVisible(name, wanted, page))) continue;
    const own = result?.fields[name];
    if (own === undefined) fields.missing += 1;
    else if (normal(name, own) === normal(name, wanted)) fields.right += 1;
    else fields.wrong += 1;
    if (own === undefined || normal(name, own) !== normal(name, wanted))
      differences.push(`${name}: ${own ?? 'missing'}, truth ${wanted}`);
  }
  const visible =
    !truth.onlyVisible ||
    truth.lines.every((line) => line.total === undefined || isVisible('net', line.total, page));
  const lines = visible
    ? scoreLines(truth.lines, result?.lines, differences)
    : { right: 0, wrong: 0, missing: 0 };
  return {
    fields,
    lines,
    exact: differences.length === 0,
    anyWrong: fields.wrong + lines.wrong > 0,
    differences,
  };
}

function scoreLines(
  wanted: readonly TruthLine[],
  own: readonly TruthLine[] | undefined,
  differences: string[],
): Tally {
  const left = [...(own ?? [])];
  let right = 0;
  for (const line of wanted) {
    const at = left.findIndex((other) => sameLine(line, other));
    if (at >= 0) {
      left.splice(at, 1);
      right += 1;
    } else differences.push(`line not found: ${line.qty} × ${line.price} = ${line.total} ${line.name ?? ''}`);
  }
  for (const line of left)
    differences.push(`line not in the truth: ${line.qty} × ${line.price} = ${line.total} ${line.name ?? ''}`);
  return { right, wrong: left.length, missing: wanted.length - right };
}

/** Amount, quantity and price agree as numbers, and the names share most of their letters. */
function sameLine(a: TruthLine, b: TruthLine): boolean {
  const same = (x: string | undefined, y: string | undefined): boolean =>
    x === undefined || (y !== undefined && number(x).eq(number(y)));
  return (
    same(a.total, b.total) && same(a.qty, b.qty) && same(a.price, b.price) && similarNames(a.name, b.name)
  );
}

/** Word overlap, by the shorter name: pages shorten and lengthen names. */
function similarNames(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return true;
  const words = (text: string): Set<string> =>
    new Set(
      text
        .normalize('NFKD')
        .toLowerCase()
        .replace(/[^\p{L}\p{N} ]/gu, ' ')
        .split(/\s+/)
        .filter((w) => w !== ''),
    );
  const [x, y] = [words(a), words(b)];
  const common = [...x].filter((word) => y.has(word)).length;
  return common >= 0.5 * Math.min(x.size, y.size);
}

function number(text: string): Big {
  return new Big(/^-?\d+(?:\.\d+)?$/.test(text) ? text : '0');
}

const MONEY: ReadonlySet<FieldName> = new Set(['net', 'tax', 'grand', 'payable']);

function normal(name: FieldName, value: string): string {
  if (MONEY.has(name)) return number(value).toFixed(2);
  const bare = value.toUpperCase().replace(/\s/g, '');
  if (name === 'sellerVat' || name === 'buyerVat') return bare.replace(/[.\-/]/g, '').replace(/^PT/, '');
  return bare;
}

function squash(text: string): string {
  return text.toUpperCase().replace(/\s/g, '');
}

/** True when the page shows the value in one of the ways it can be printed. */
function isVisible(name: FieldName, value: string, page: string): boolean {
  const bare = squash(value);
  if (MONEY.has(name)) {
    const [whole = '0', decimals = '00'] = number(value).abs().toFixed(2).split('.');
    const grouped = (mark: string): string => whole.replace(/\B(?=(\d{3})+$)/g, mark);
    return [
      `${whole},${decimals}`,
      `${whole}.${decimals}`,
      `${grouped('.')},${decimals}`,
      `${grouped(',')}.${decimals}`,
      `${grouped("'")}.${decimals}`,
    ].some((shape) => page.includes(shape));
  }
  const date = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value);
  if (!date) return page.includes(bare) || page.replace(/[.\-/]/g, '').includes(bare.replace(/[.\-/]/g, ''));
  const [, y = '', m = '', d = ''] = date;
  const [m1, d1] = [String(Number(m)), String(Number(d))];
  const shapes = ['/', '.', '-'].flatMap((s) => [
    `${d}${s}${m}${s}${y}`,
    `${d1}${s}${m1}${s}${y}`,
    `${y}${s}${m}${s}${d}`,
    `${m}${s}${d}${s}${y}`,
    `${m1}${s}${d1}${s}${y}`,
    `${d}${s}${m}${s}${y.slice(2)}`,
    `${m}${s}${d}${s}${y.slice(2)}`,
  ]);
  return (
    shapes.some((shape) => page.includes(shape)) ||
    new RegExp(`${d1}[.,]?(DE)?\\p{L}{3,9}[.,]?(DE)?,?${y}|\\p{L}{3,9}${d1}(ST|ND|RD|TH)?,?${y}`, 'u').test(
      page,
    )
  );
}

export function addTallies(a: Tally, b: Tally): Tally {
  return { right: a.right + b.right, wrong: a.wrong + b.wrong, missing: a.missing + b.missing };
}

/** F1 of a tally, 0 to 1; a wrong value costs precision and recall, a missing one recall. 1 when there was nothing to find. */
export function f1(tally: Tally, wrongIsMissingToo: boolean): number {
  const found = tally.right + tally.wrong;
  const wanted = tally.right + tally.missing + (wrongIsMissingToo ? tally.wrong : 0);
  if (found === 0 && wanted === 0) return 1;
  const precision = found === 0 ? 0 : tally.right / found;
  const recall = wanted === 0 ? 1 : tally.right / wanted;
  return precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
}
