import type { InvoiceFormat } from '../../schemas/protocols/gateway-protocol.ts';
import { Refusal } from '../protocol/refusal.ts';
import { brokenRules, sentenceOfBroken } from '../rules/broken-rules.ts';
import { readSemantic } from './read-semantic.ts';
import { toCii } from './to-cii.ts';
import { toCiusPt } from './to-cius-pt.ts';
import { toCsv } from './to-csv.ts';
import { ublOf } from './ubl-of.ts';

/** A result in another format. */
export interface Formatted {
  readonly text: string;
  readonly mediaType: 'application/xml' | 'application/json' | 'text/csv';
}

/**
 * Writes an invoice in another format, from the stored result alone.
 * @param xml the stored result
 * @throws Refusal `FORMAT_NOT_POSSIBLE` for a result that is no invoice, and for an invoice that breaks a rule of EN
 *   16931 in the new format
 */
export function inFormat(xml: string, format: InvoiceFormat): Formatted {
  const read = readSemantic(xml);
  if (read === undefined)
    throw new Refusal(
      'FORMAT_NOT_POSSIBLE',
      `The result is no invoice in UBL or CII, so no ${NAMES[format]} can be made of it.`,
    );
  const { syntax, invoice } = read;
  if (format === 'json')
    return { text: `${JSON.stringify(invoice, null, 1)}\n`, mediaType: 'application/json' };
  if (format === 'csv') return { text: toCsv(invoice), mediaType: 'text/csv' };
  if (format === 'cius-pt') {
    const made = toCiusPt(invoice);
    refuseBroken(sentenceOfBroken(brokenRules(made)), `${NAMES[format]} can be made that keeps its rules`);
    return { text: made, mediaType: 'application/xml' };
  }
  if (syntax === format) return { text: xml, mediaType: 'application/xml' };
  const { ubl, failure } = ublOf(xml, read);
  refuseBroken(failure, `${NAMES[format]} can be made that keeps the rules of EN 16931`);
  return { text: format === 'ubl' ? ubl : toCii(invoice), mediaType: 'application/xml' };
}

/**
 * Refuses an invoice that breaks a rule in the new format.
 * @throws Refusal `FORMAT_NOT_POSSIBLE` with the broken rule
 */
function refuseBroken(failure: string | undefined, what: string): void {
  if (failure !== undefined) throw new Refusal('FORMAT_NOT_POSSIBLE', `No ${what}. ${failure}`);
}

const NAMES: Readonly<Record<InvoiceFormat, string>> = {
  ubl: 'UBL',
  cii: 'CII',
  'cius-pt': 'CIUS-PT',
  json: 'JSON',
  csv: 'CSV',
};
