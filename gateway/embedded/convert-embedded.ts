import type { PDFDocumentProxy } from 'pdfjs-dist';
import type { GatewayWarning } from '../../schemas/protocols/gateway-protocol.ts';
import { readSemantic } from '../formats/read-semantic.ts';
import type { EmbeddedMapping } from '../mapping/mapping-schema.ts';
import { identityOfWritten } from '../formats/invoice-identity.ts';
import type { ConverterSuccess } from '../protocol/child-protocol.ts';
import { Refusal } from '../protocol/refusal.ts';
import { ERROR_SENTENCES } from '../../schemas/errors/error-sentences.ts';
import { brokenRules } from '../rules/broken-rules.ts';
import { sentenceOfBreach } from '../rules/rule.ts';
import type { EmbeddedInvoice } from './embedded-invoices.ts';
import { embeddedInvoices } from './embedded-invoices.ts';

/**
 * Takes the e-invoice out of a hybrid PDF, byte for byte.
 * @throws Refusal `NO_EMBEDDED_XML` when there is none, `AMBIGUOUS` when there are two
 * @throws Refusal `EMBEDDED_XML_REFUSED` for a DOCTYPE, broken XML, or bytes that do not have the declared encoding
 */
export async function convertEmbedded(
  mapping: EmbeddedMapping,
  document: PDFDocumentProxy,
): Promise<ConverterSuccess> {
  const { invoices, refused, remarks } = await embeddedInvoices(mapping, document);
  if (refused[0] !== undefined) throw new Refusal('EMBEDDED_XML_REFUSED', refused[0]);
  const invoice = onlyInvoice(invoices);
  if (!invoice) {
    const odd = remarks.map(({ message }) => message);
    throw new Refusal('NO_EMBEDDED_XML', [ERROR_SENTENCES.NO_EMBEDDED_XML, ...odd.slice(0, 3)].join(' '));
  }
  const written = readSemantic(invoice.text);
  return {
    ok: true,
    body: invoice.bytes,
    mediaType: mapping.mediaType,
    pages: document.numPages,
    mappingVersion: mapping.version,
    warnings: [...remarks, ...ruleWarnings(invoice)],
    invoice: written && identityOfWritten(written.invoice),
  };
}

/**
 * Returns the only e-invoice, or undefined when there is none.
 * @throws Refusal `AMBIGUOUS` for two different e-invoices
 */
export function onlyInvoice(invoices: readonly EmbeddedInvoice[]): EmbeddedInvoice | undefined {
  if (invoices.length < 2) return invoices[0];
  throw new Refusal(
    'AMBIGUOUS',
    `The file carries ${invoices.length} different embedded e-invoices, and nothing says which one is meant.`,
  );
}

/** The most broken rules that the warnings name. Further rules are left out. */
const RULE_WARNINGS_MAX = 20;

/**
 * Returns the rules of EN 16931 that an embedded UBL document breaks. The document itself is still returned byte for
 * byte, because only its sender may correct it. Documents in other syntaxes are not checked.
 */
function ruleWarnings({ root, text }: EmbeddedInvoice): GatewayWarning[] {
  if (root !== 'Invoice' && root !== 'CreditNote') return [];
  return brokenRules(text)
    .slice(0, RULE_WARNINGS_MAX)
    .map((broken) => ({ code: broken.rule, message: sentenceOfBreach(broken) }));
}
