import type { UblContent } from './read-ubl.ts';
import type { Difference, Tally } from './difference.ts';
import { choicesOf, isRight, sameAmount } from './comparable.ts';
import { scoreLines } from './score-lines.ts';
import type { Truth, TruthVatRow } from './truth.ts';
import { FIELD_NAMES } from './truth.ts';
import { EVERYTHING, pageWordsOf } from './visible.ts';
import type { PageWords } from './visible.ts';

export interface DocumentScore {
  readonly fields: Tally;
  readonly lines: Tally;
  readonly differences: readonly Difference[];
}

/**
 * Compares a result with the truth.
 * @param result undefined for a document that was refused; every known value is then missing
 * @param pageText all words of the document, for sets whose truth is not from the page
 */
export function scoreDocument(truth: Truth, result: UblContent | undefined, pageText: string): DocumentScore {
  const page = truth.onlyVisible ? pageWordsOf(pageText) : EVERYTHING;
  const fields = scoreFields(truth, result, page);
  const lines = scoreLines(truth.lines, result?.lines, page);
  return {
    fields: fields.tally,
    lines: lines.tally,
    differences: [...fields.differences, ...scoreVat(truth.vat, result?.vat, page), ...lines.differences],
  };
}

function scoreFields(
  truth: Truth,
  result: UblContent | undefined,
  page: PageWords,
): { tally: Tally; differences: Difference[] } {
  const differences: Difference[] = [];
  const tally = { right: 0, wrong: 0, missing: 0 };
  for (const name of FIELD_NAMES) {
    const wanted = choicesOf(truth.fields[name]).filter((value) => page.has(name, value));
    if (wanted.length === 0) continue;
    const own = result?.fields[name];
    const says = own === undefined ? [] : [own, ...(result?.also?.[name] ?? [])];
    if (says.some((value) => isRight(name, value, wanted))) {
      tally.right += 1;
      continue;
    }
    if (own === undefined) tally.missing += 1;
    else tally.wrong += 1;
    differences.push({
      subject: name,
      wrong: own !== undefined,
      text: `${name}: ${own ?? 'missing'}, truth ${wanted[0]}`,
    });
  }
  return { tally, differences };
}

/** Compares the VAT breakdown: its rows and the values of each. */
function scoreVat(
  wanted: readonly TruthVatRow[] | undefined,
  own: UblContent['vat'] | undefined,
  page: PageWords,
): Difference[] {
  // Every invoice has a breakdown (BR-CO-18). A truth without rows, as in the small profiles of e-invoices, states
  // nothing about it.
  if (!wanted || wanted.length === 0 || !own) return [];
  // A page that lacks an amount of the breakdown does not print the breakdown.
  if (!wanted.every((row) => page.hasAmount(row.basis) && page.hasAmount(row.tax))) return [];
  const left = [...own];
  const said = (row: TruthVatRow): string =>
    `${row.category ?? ''} ${row.rate} % of ${row.basis} = ${row.tax}`.trim();
  const lost = wanted.filter((row) => {
    const at = left.findIndex(
      (other) =>
        sameAmount(other.rate === '' ? '0' : other.rate, row.rate) &&
        sameAmount(other.basis, row.basis) &&
        sameAmount(other.tax, row.tax) &&
        (row.category === undefined || row.category === other.category),
    );
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  return [
    ...lost.map((row) => ({ subject: 'vat' as const, wrong: true, text: `VAT row not found: ${said(row)}` })),
    ...left.map((row) => ({
      subject: 'vat' as const,
      wrong: true,
      text: `VAT row not in the truth: ${said(row)}`,
    })),
  ];
}
