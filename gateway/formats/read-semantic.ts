import { parseXml } from '../rules/parse-xml.ts';
import { localName } from './by-local-name.ts';
import { fromCii } from './from-cii.ts';
import { fromUbl } from './from-ubl.ts';
import type { SemanticInvoice } from './semantic-invoice.ts';

/** An invoice, and the syntax in which it was written. */
export interface ReadInvoiceXml {
  readonly syntax: 'ubl' | 'cii';
  readonly invoice: SemanticInvoice;
}

/** Reads an invoice in UBL or CII; undefined for any other document. */
export function readSemantic(xml: string): ReadInvoiceXml | undefined {
  const root = parseXml(xml);
  if (root === undefined) return undefined;
  if (root.name === 'Invoice' || root.name === 'CreditNote') return { syntax: 'ubl', invoice: fromUbl(root) };
  const isCii = ['CrossIndustryInvoice', 'CrossIndustryDocument'].includes(localName(root));
  return isCii ? { syntax: 'cii', invoice: fromCii(root) } : undefined;
}
