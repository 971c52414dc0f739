import { readSemantic } from './read-semantic.ts';
import { toCiusPt } from './to-cius-pt.ts';
import type { Invoice } from '../found-invoice/invoice.ts';
import type { InvoiceMapping } from '../mapping/mapping-schema.ts';
import { brokenRules, rulesBrokenBy, sentenceOfBroken } from '../rules/broken-rules.ts';
import type { BrokenRule } from '../rules/rule.ts';
import { foundUbl } from './found-ubl.ts';
import { writtenElement } from '../output/written-element.ts';
import { writeXml } from '../output/xml-writer.ts';

/** A written invoice, and the rules of EN 16931 and UBL that it breaks. */
export interface WrittenInvoice {
  readonly xml: string;
  readonly broken: readonly BrokenRule[];
  /** One sentence that names the broken rules; undefined when the document keeps all of them. */
  readonly failure: string | undefined;
}

/** Writes an invoice and checks the written document by the standard's rules (ADR 0140, ADR 0163). */
export function writtenInvoice(invoice: Invoice, output: InvoiceMapping['output']): WrittenInvoice {
  const root = foundUbl(invoice, output);
  const ubl = writeXml(root);
  if (output.target !== 'cius-pt') return judged(ubl, rulesBrokenBy(writtenElement(root)));
  const xml = asCiusPt(ubl);
  return judged(xml, brokenRules(xml));
}

function judged(xml: string, broken: readonly BrokenRule[]): WrittenInvoice {
  return { xml, broken, failure: sentenceOfBroken(broken) };
}

/**
 * Writes the same values by CIUS-PT (ADR 0176). A document that is no invoice stays unchanged, so that the rules can
 * name it.
 */
function asCiusPt(ubl: string): string {
  const read = readSemantic(ubl);
  return read === undefined ? ubl : toCiusPt(read.invoice);
}
