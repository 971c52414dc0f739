import { brokenRules, sentenceOfBroken } from '../rules/broken-rules.ts';
import type { ReadInvoiceXml } from './read-semantic.ts';
import { toUbl } from './to-ubl.ts';

/**
 * An invoice as UBL, and a sentence that names the broken rule. The sentence is undefined when the invoice keeps all
 * rules.
 */
export interface CheckedUbl {
  readonly ubl: string;
  readonly failure: string | undefined;
}

/** Returns a UBL document unchanged, or converts CII to UBL and checks it by the rules of EN 16931. */
export function ublOf(xml: string, { syntax, invoice }: ReadInvoiceXml): CheckedUbl {
  const ubl = syntax === 'ubl' ? xml : toUbl(invoice);
  return { ubl, failure: sentenceOfBroken(brokenRules(ubl)) };
}
