import { createHash } from 'node:crypto';
import { XMLValidator } from 'fast-xml-parser';
import type { PDFDocumentProxy } from 'pdfjs-dist';
import type { GatewayWarning } from '../../schemas/gateway-protocol.ts';
import type { EmbeddedMapping } from '../mapping/mapping-schema.ts';
import type { ConverterSuccess } from '../pool/child-protocol.ts';
import { Refusal } from '../refusal.ts';
import { brokenRules } from '../rules/broken-rules.ts';
import { sentenceOfBreach } from '../rules/rule.ts';
import { decodeXml, rootOf } from './xml-root.ts';

/** An attachment whose root element makes it an e-invoice. */
export interface EmbeddedInvoice {
  readonly filename: string;
  readonly bytes: Uint8Array;
  readonly root: string;
}

/**
 * Takes the e-invoice out of a hybrid PDF, byte for byte.
 * @throws Refusal `NO_EMBEDDED_XML` for none, `AMBIGUOUS` for two, `EMBEDDED_XML_REFUSED` for a DOCTYPE or broken XML
 */
export async function convertEmbedded(
  mapping: EmbeddedMapping,
  document: PDFDocumentProxy,
): Promise<ConverterSuccess> {
  const [invoice, ...others] = await embeddedInvoices(mapping, document);
  if (!invoice) throw new Refusal('NO_EMBEDDED_XML', 'The file carries no embedded e-invoice.');
  if (others.length > 0) {
    throw new Refusal(
      'AMBIGUOUS',
      `The file carries ${others.length + 1} different embedded e-invoices; which one is meant cannot be told.`,
    );
  }
  return {
    ok: true,
    body: invoice.bytes,
    mediaType: mapping.mediaType,
    pages: document.numPages,
    mappingVersion: mapping.version,
    warnings: ruleWarnings(invoice),
  };
}

/** Most rules named; a document that breaks more is told by these. */
const ruleWarningsMax = 20;

/**
 * What the rules of EN 16931 have against a document that its sender wrote in UBL. It comes out byte for byte all the
 * same: to mend it, or to hold it back, is the sender's business. Other syntaxes are not looked at.
 */
function ruleWarnings({ root, bytes }: EmbeddedInvoice): GatewayWarning[] {
  if (root !== 'Invoice' && root !== 'CreditNote') return [];
  return brokenRules(decodeXml(bytes) ?? '')
    .slice(0, ruleWarningsMax)
    .map((broken) => ({ code: broken.rule, message: sentenceOfBreach(broken) }));
}

/** The different e-invoices among a document's attachments, by content. */
export async function embeddedInvoices(
  mapping: EmbeddedMapping,
  document: PDFDocumentProxy,
): Promise<EmbeddedInvoice[]> {
  const listed = (await document.getAttachments()) as unknown as ReadonlyMap<
    string,
    { filename?: string }
  > | null;
  if (!listed) return [];
  if (listed.size > mapping.attachmentsMax) {
    throw new Refusal(
      'PDF_LIMIT',
      `The file has ${listed.size} attachments; at most ${mapping.attachmentsMax} are looked at.`,
    );
  }
  const byHash = new Map<string, EmbeddedInvoice>();
  for (const [id, { filename }] of listed) {
    const bytes = (await contentOf(document, id)) ?? new Uint8Array();
    if (bytes.byteLength > mapping.bytesMax)
      throw new Refusal('PDF_LIMIT', `An attachment is larger than ${mapping.bytesMax} bytes.`);
    const root = invoiceRoot(mapping, bytes);
    if (root !== undefined)
      byHash.set(createHash('sha256').update(bytes).digest('hex'), { filename: filename ?? id, bytes, root });
  }
  return [...byHash.values()];
}

async function contentOf(document: PDFDocumentProxy, id: string): Promise<Uint8Array | null> {
  const withContent = document as unknown as { getAttachmentContent(id: string): Promise<Uint8Array | null> };
  return withContent.getAttachmentContent(id);
}

/** The root's name when the attachment is an e-invoice. @throws Refusal when it is one that must not be read */
function invoiceRoot(mapping: EmbeddedMapping, bytes: Uint8Array): string | undefined {
  const text = decodeXml(bytes);
  if (text === undefined) return undefined;
  const root = rootOf(text);
  if (!root || !mapping.roots.some((known) => known.name === root.name && known.namespace === root.namespace))
    return undefined;
  if (/<!DOCTYPE/i.test(text))
    throw new Refusal(
      'EMBEDDED_XML_REFUSED',
      'The embedded e-invoice has a document type declaration, which is not accepted.',
    );
  const valid = XMLValidator.validate(text.replace(/^\uFEFF/, ''));
  if (valid !== true)
    throw new Refusal('EMBEDDED_XML_REFUSED', 'The embedded e-invoice is not well-formed XML.');
  return root.name;
}
