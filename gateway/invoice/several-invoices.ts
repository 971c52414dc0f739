import type { InvoiceMapping } from '../mapping/mapping-schema.ts';
import { candidatesFor } from '../reading/candidates.ts';
import type { Candidate } from '../reading/candidates.ts';
import type { ReadDocument } from '../reading/document.ts';
import { Refusal } from '../protocol/refusal.ts';

/**
 * A number with at least this score beside its label is the document's own number, not a reference to another document.
 */
const SURE_SCORE = 0.75;

/**
 * Refuses a file with several invoices: its pages print different document numbers, each with a total.
 * @param numbers candidates of the document's number
 * @param itemLines lines of the item tables, whose words are no labels
 * @throws Refusal `AMBIGUOUS` with the numbers and their pages
 */
export function refuseSeveral(
  mapping: InvoiceMapping,
  document: ReadDocument,
  numbers: readonly Candidate[],
  itemLines: ReadonlySet<number>,
): void {
  if (document.pages < 2) return;
  const byPage = new Map<number, Candidate>();
  for (const number of numbers) {
    const known = byPage.get(number.page);
    if (number.page > 0 && number.score >= SURE_SCORE && (!known || number.score > known.score))
      byPage.set(number.page, number);
  }
  const different = new Set([...byPage.values()].map((number) => number.value));
  if (different.size < 2) return;
  const withTotal = pagesWithTotal(mapping, document, itemLines);
  const own = [...byPage.values()]
    .filter((number) => withTotal.has(number.page))
    .sort((a, b) => a.page - b.page);
  if (new Set(own.map((number) => number.value)).size < 2) return;
  const firsts = own.filter((number, i) => own.findIndex((other) => other.value === number.value) === i);
  throw new Refusal(
    'AMBIGUOUS',
    `The file holds several invoices: ${firsts.map((n) => `${n.value} on page ${n.page}`).join(', ')}. Send each as a file of its own.`,
  );
}

function pagesWithTotal(
  mapping: InvoiceMapping,
  document: ReadDocument,
  itemLines: ReadonlySet<number>,
): Set<number> {
  const pages = new Set<number>();
  for (const name of ['grand', 'payable']) {
    const rule = mapping.fields[name];
    if (!rule) continue;
    for (const total of candidatesFor(name, rule, document, { itemLines }))
      if (total.score > 0.5) pages.add(total.page);
  }
  return pages;
}
