import type { FieldName } from './truth.ts';

/** The counts of one document, or the sums over many documents. */
export interface Tally {
  readonly right: number;
  readonly wrong: number;
  readonly missing: number;
}

/** The subject of a difference or a warning: a field, the VAT breakdown, all lines, or one line (`line 3`). */
export type Subject = FieldName | 'vat' | 'lines' | `line ${number}`;

/** One value that differs from the truth. */
export interface Difference {
  readonly subject: Subject;
  /** False when the result has no value. A missing value does not count as wrong. */
  readonly wrong: boolean;
  /** A text for people: `grand: 10.00, truth 12.00`. */
  readonly text: string;
}

export function addTallies(a: Tally, b: Tally): Tally {
  return { right: a.right + b.right, wrong: a.wrong + b.wrong, missing: a.missing + b.missing };
}

/**
 * F1 of a tally, 0 to 1; 1 when there was nothing to find. A missing value lowers recall.
 * @param isWrongMissing true when a wrong value lowers recall too; it always lowers precision
 */
export function f1(tally: Tally, { isWrongMissing }: { readonly isWrongMissing: boolean }): number {
  const found = tally.right + tally.wrong;
  const wanted = tally.right + tally.missing + (isWrongMissing ? tally.wrong : 0);
  if (found === 0 && wanted === 0) return 1;
  const precision = found === 0 ? 0 : tally.right / found;
  const recall = wanted === 0 ? 1 : tally.right / wanted;
  return precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
}
