import { XMLValidator } from 'fast-xml-parser';
import type { PDFDocumentProxy } from 'pdfjs-dist';
import type { GatewayWarning } from '../../schemas/protocols/gateway-protocol.ts';
import type { EmbeddedMapping } from '../mapping/mapping-schema.ts';
import { Refusal } from '../protocol/refusal.ts';
import type { Attachment } from '../pdf/attachments.ts';
import { attachmentsOf } from '../pdf/attachments.ts';
import type { XmlRoot, XmlText } from './xml-root.ts';
import { rootOf, xmlTextOf } from './xml-root.ts';
import { sha256Of } from '../../schemas/sha256.ts';

/** An attachment whose root element makes it an e-invoice. */
export interface EmbeddedInvoice {
  readonly filename: string;
  readonly bytes: Uint8Array;
  /** The document as text. */
  readonly text: string;
  readonly root: string;
}

/** The e-invoices inside a PDF, and warnings about them. */
export interface EmbeddedInvoices {
  /** The e-invoices with different contents. */
  readonly invoices: readonly EmbeddedInvoice[];
  /** One sentence for each e-invoice that cannot or must not be read. */
  readonly refused: readonly string[];
  readonly remarks: readonly GatewayWarning[];
}

/**
 * Reads every attachment of a PDF.
 * @throws Refusal `PDF_LIMIT` when the attachments exceed a limit of the mapping
 */
export async function embeddedInvoices(
  mapping: EmbeddedMapping,
  document: PDFDocumentProxy,
): Promise<EmbeddedInvoices> {
  const attachments = await attachmentsOf(document);
  if (attachments.length > mapping.attachmentsMax)
    throw new Refusal(
      'PDF_LIMIT',
      `The file has more than ${mapping.attachmentsMax} attachments; no more than that are read.`,
    );
  const byHash = new Map<string, EmbeddedInvoice>();
  const refused: string[] = [];
  const remarks = sharedKeys(attachments);
  for (const attachment of attachments) {
    const { bytes } = attachment;
    if ((attachment.size ?? 0) > mapping.bytesMax)
      throw new Refusal('PDF_LIMIT', `An attachment is larger than ${mapping.bytesMax} bytes.`);
    const found = judge(mapping, attachment);
    if ('invoice' in found && bytes) byHash.set(sha256Of(bytes), found.invoice);
    if ('refused' in found) refused.push(found.refused);
    if ('remark' in found && found.remark) remarks.push(found.remark);
  }
  return { invoices: [...byHash.values()], refused, remarks };
}

/** Warns about attachments that share a key of the name tree, because most programs show only the last of them. */
function sharedKeys(attachments: readonly Attachment[]): GatewayWarning[] {
  const keys = attachments.flatMap(({ key }) => (key === undefined ? [] : [key]));
  return [...new Set(keys)].flatMap((key) => {
    const times = keys.filter((each) => each === key).length;
    if (times < 2) return [];
    return [
      { code: 'ATTACHMENTS_ONE_KEY', message: `${times} attachments share the key ${shortened(key)}.` },
    ];
  });
}

type Judgement =
  | { readonly invoice: EmbeddedInvoice; readonly remark?: GatewayWarning }
  | { readonly refused: string }
  | { readonly remark?: GatewayWarning };

function judge(mapping: EmbeddedMapping, attachment: Attachment): Judgement {
  const name = shortened(attachment.filename);
  if (attachment.bytes === undefined) {
    const isAwaited = attachment.size === undefined && INVOICE_FILES.test(attachment.filename);
    return isAwaited
      ? remark('EMBEDDED_XML_ABSENT', `The PDF names the attachment ${name} and does not contain it.`)
      : {};
  }
  const xml = xmlTextOf(attachment.bytes);
  const root = xml && rootOf(xml.text);
  if (!xml || !root)
    return INVOICE_FILES.test(attachment.filename)
      ? remark('EMBEDDED_XML_UNKNOWN', `The attachment ${name} is not XML, although its name says so.`)
      : {};
  if (!mapping.roots.some((known) => known.name === root.name && known.namespace === root.namespace))
    return unknownRoot(mapping, attachment, root);
  const reason = reasonAgainst(xml);
  if (reason !== undefined) return { refused: `The embedded e-invoice ${name} ${reason}.` };
  const { filename, bytes } = attachment;
  const invoice = { filename, bytes, text: xml.text, root: root.name };
  if (!saysOtherwise(xml)) return { invoice };
  const sentence = `The embedded e-invoice ${name} declares the encoding ${xml.declared} and is written in ${xml.encoding}.`;
  return { invoice, ...remark('EMBEDDED_XML_ENCODING', sentence) };
}

/** File names of the e-invoice in Factur-X, ZUGFeRD, XRechnung and Order-X. Other XML is ignored. */
const INVOICE_FILES = /^(?:factur-x|zugferd-invoice|xrechnung|order-x|cii|ubl)\.xml$/i;

function unknownRoot(mapping: EmbeddedMapping, { filename }: Attachment, root: XmlRoot): Judgement {
  const isNamedSo = INVOICE_FILES.test(filename) || mapping.roots.some(({ name }) => name === root.name);
  if (!isNamedSo) return {};
  const namespace =
    root.namespace === '' ? 'without a namespace' : `of the namespace ${shortened(root.namespace)}`;
  return remark(
    'EMBEDDED_XML_UNKNOWN',
    `The attachment ${shortened(filename)} is XML with the root ${shortened(root.name)} ${namespace}, which is no known e-invoice.`,
  );
}

/** Returns the reason why an e-invoice must not be read, as the end of a sentence. */
function reasonAgainst({ text, isSound, encoding }: XmlText): string | undefined {
  if (!isSound) return `has bytes that are invalid in its encoding, ${encoding}`;
  if (/<!DOCTYPE/i.test(text)) return 'has a document type declaration, which is not accepted';
  return XMLValidator.validate(text.replace(/^\uFEFF/, '')) === true ? undefined : 'is not well-formed XML';
}

const READ_AS: Readonly<Record<string, RegExp>> = {
  'utf-8': /^(?:utf-?8|us-ascii|ascii)$/,
  'utf-16le': /^utf-?16(?:le)?$/,
  'utf-16be': /^utf-?16(?:be)?$/,
};

/**
 * True when the declaration names an encoding that the bytes do not have. A program that follows the declaration
 * fails or loses letters.
 */
function saysOtherwise({ declared, encoding }: XmlText): boolean {
  return declared !== undefined && declared !== encoding && !(READ_AS[encoding]?.test(declared) ?? false);
}

function remark(code: string, message: string): { remark: GatewayWarning } {
  return { remark: { code, message } };
}

const SHOWN_LENGTH_MAX = 80;

/** Shortens a name from a file, so that it fits into a sentence. */
function shortened(name: string): string {
  const plain = name.replace(/[\p{Cc}\p{Cf}]/gu, '').slice(0, SHOWN_LENGTH_MAX);
  return plain === '' ? 'without a name' : plain;
}
