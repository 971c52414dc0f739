import type { PDFDocumentProxy } from 'pdfjs-dist';
import { checkWarnings, failureMessage, runChecks, type JudgedFinding } from '../checks/run-checks.ts';
import type { InvoiceMapping } from '../mapping/mapping-schema.ts';
import { deliveryWarnings } from '../found-invoice/delivery.ts';
import { identityOfRead } from '../formats/invoice-identity.ts';
import { writtenInvoice } from '../formats/written-invoice.ts';
import { judgeScan } from '../ocr/judge-scan.ts';
import { scanReader } from '../ocr/scan-reader.ts';
import { hiddenWarnings, requireText, scanWarnings } from '../pdf/hidden-warnings.ts';
import { DEFAULT_READ_LIMITS, readPdf, type PdfText } from '../pdf/read-pdf.ts';
import type { ConverterSuccess } from '../protocol/child-protocol.ts';
import { withoutCopies } from '../reading/copies.ts';
import { Refusal } from '../protocol/refusal.ts';
import { creditSigns } from './credit-signs.ts';
import { domesticBuyer, domesticWarnings } from '../found-invoice/domestic-buyer.ts';
import { currencyWarnings } from './invoice-currency.ts';
import type { QrPayload } from '../found-invoice/qr-payload.ts';
import { type InvoiceReading, readInvoice } from './read-invoice.ts';
import { qrCollector } from './qr-images.ts';
import type { GatewayWarning } from '../../schemas/protocols/gateway-protocol.ts';
import { DOUBTFUL_NAME, FORM_APART } from '../reading/name-doubts.ts';
import type { Invoice, Party } from '../found-invoice/invoice.ts';

/** An invoice that was read and checked, and that can now be written or explained. */
export interface JudgedReading extends InvoiceReading {
  readonly findings: readonly JudgedFinding[];
  readonly text: PdfText;
}

/** The text and the QR codes of a document's pages. They are read once and used for several mappings. */
export interface ReadPages {
  readonly text: PdfText;
  readonly codes: readonly QrPayload[];
}

/**
 * Reads the pages, and also their QR codes if one of the mappings needs QR codes.
 * @throws Refusal `PDF_LIMIT`, `PDF_CORRUPT`
 */
export async function readPages(
  mappings: readonly InvoiceMapping[],
  document: PDFDocumentProxy,
): Promise<ReadPages> {
  const wantsQr = mappings.some(({ checks }) => checks.some((check) => check.rule === 'PT-QR'));
  const codes: QrPayload[] = [];
  const visit = wantsQr ? qrCollector(codes) : undefined;
  const text = await readPdf(document, DEFAULT_READ_LIMITS, { visit, scan: scanReader() });
  return { text, codes };
}

/**
 * Reads and checks an invoice.
 * @param pages the pages, if they were already read; otherwise this function reads them
 * @throws Refusal `NO_TEXT`, `MAPPING_MISMATCH`, `PDF_LIMIT`, `PDF_CORRUPT`
 */
export async function judgeInvoice(
  mapping: InvoiceMapping,
  document: PDFDocumentProxy,
  pages?: ReadPages,
): Promise<JudgedReading> {
  return judgePages(mapping, pages ?? (await readPages([mapping], document)));
}

/**
 * Reads and checks an invoice from pages that were already read.
 * @throws Refusal `NO_TEXT`, `MAPPING_MISMATCH`, `CHECKS_FAILED`
 */
export function judgePages(mapping: InvoiceMapping, { text, codes }: ReadPages): JudgedReading {
  requireText(text);
  const judge = (read: PdfText): JudgedReading => {
    const reading = readInvoice({ ...read, pages: withoutCopies(read.pages) }, mapping, codes);
    const invoice = domesticBuyer(creditSigns(reading.invoice));
    return {
      ...reading,
      invoice,
      text: read,
      findings: [...reading.given, ...runChecks(invoice, mapping, codes)],
    };
  };
  return text.pages.some((page) => page.scanned) ? judgeScan(text, { mapping, codes, judge }) : judge(text);
}

/**
 * Converts an invoice to UBL.
 * @throws Refusal as `judgeInvoice`; `CHECKS_FAILED` naming the rules and both values; `OUTPUT_INVALID` when the
 *   written document breaks a rule of EN 16931 or UBL
 */
export async function convertInvoice(
  mapping: InvoiceMapping,
  document: PDFDocumentProxy,
  pages?: ReadPages,
): Promise<ConverterSuccess> {
  return writeReading(mapping, await judgeInvoice(mapping, document, pages));
}

/**
 * Writes the XML of an invoice that was read and checked.
 * @throws Refusal `CHECKS_FAILED`, `OUTPUT_INVALID`
 */
export function writeReading(
  mapping: InvoiceMapping,
  { invoice, findings, text, doubts }: JudgedReading,
): ConverterSuccess {
  const failure = failureMessage(findings);
  if (failure !== undefined) throw new Refusal('CHECKS_FAILED', failure);
  const written = writtenInvoice(invoice, mapping.output);
  if (written.failure !== undefined) throw new Refusal('OUTPUT_INVALID', written.failure);
  return {
    ok: true,
    body: new TextEncoder().encode(written.xml),
    mediaType: mapping.mediaType,
    pages: text.pages.length,
    mappingVersion: mapping.version,
    invoice: identityOfRead(invoice),
    warnings: [
      ...checkWarnings(findings),
      ...doubts,
      ...domesticWarnings(invoice),
      ...partyWarnings(invoice),
      ...currencyWarnings(invoice),
      ...deliveryWarnings(invoice),
      ...scanWarnings(text),
      ...hiddenWarnings(text.hidden),
    ],
  };
}

/** Warns about names of parties that are in doubt, and about a name that both parties have. */
function partyWarnings({ seller, buyer }: Invoice): GatewayWarning[] {
  const isShared = seller.name !== undefined && plain(seller) === plain(buyer);
  return [
    ...nameWarnings('SELLER_NAME', 'seller’s name (BT-27)', seller, isShared),
    ...nameWarnings('BUYER_NAME', 'buyer’s name (BT-44)', buyer, isShared),
  ];
}

function plain({ name }: Party): string {
  return name?.value.toLowerCase().replace(/\s+/g, ' ') ?? '';
}

function nameWarnings(code: string, what: string, { name }: Party, isShared: boolean): GatewayWarning[] {
  if (!name || (!isShared && name.confidence > DOUBTFUL_NAME)) return [];
  const why = isShared
    ? 'the other party has the same'
    : name.rule.endsWith(FORM_APART)
      ? `the page says “${name.raw}” and also states the legal form alone, so the form was left out`
      : 'another line of the address may be the name as well';
  return [{ code, message: `The ${what} is read as “${name.value}”; ${why}.` }];
}
