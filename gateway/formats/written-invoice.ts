import { toCiusPt } from './to-cius-pt.ts';
import type { Invoice } from '../found-invoice/invoice.ts';
import type { InvoiceMapping } from '../mapping/mapping-schema.ts';
import { brokenRules, rulesBrokenBy, sentenceOfBroken } from '../rules/broken-rules.ts';
import type { BrokenRule } from '../rules/rule.ts';
import { foundSemantic, foundUbl } from './found-ubl.ts';
import { writtenElement } from '../output/written-element.ts';
import { writeXml } from '../output/xml-writer.ts';

/** A written invoice, and the rules of EN 16931 and UBL that it breaks. */
export interface WrittenInvoice {
  readonly xml: string;
  readonly broken: readonly BrokenRule[];
  /** One sentence that names the broken rules; undefined when the document keeps all of them. */
  readonly failure: string | undefined;
}

/** Writes an invoice and checks the written document by the standard's rules (ADR 0140, ADR 0163, ADR 0176). */
export function writtenInvoice(invoice: Invoice, output: InvoiceMapping['output']): WrittenInvoice {
  if (output.target === 'cius-pt') {
    const xml = toCiusPt(foundSemantic(invoice));
    return judged(xml, brokenRules(xml));
  }
  const root = foundUbl(invoice, output);
  return judged(writeXml(root), rulesBrokenBy(writtenElement(root)));
}

function judged(xml: string, broken: readonly BrokenRule[]): WrittenInvoice {
  return { xml, broken, failure: sentenceOfBroken(broken) };
}
