import type { PDFDocumentProxy } from 'pdfjs-dist';
import type { GatewayWarning } from '../../schemas/protocols/gateway-protocol.ts';
import { onlyInvoice } from '../embedded/convert-embedded.ts';
import type { EmbeddedInvoice } from '../embedded/embedded-invoices.ts';
import { embeddedInvoices } from '../embedded/embedded-invoices.ts';
import type { SemanticInvoice } from '../formats/semantic-invoice.ts';
import { readSemantic } from '../formats/read-semantic.ts';
import { ublOf } from '../formats/ubl-of.ts';
import type { JudgedReading, ReadPages } from '../invoice/convert-invoice.ts';
import { judgePages, readPages, writeReading } from '../invoice/convert-invoice.ts';
import { supplierMapping } from '../invoice/hand-over.ts';
import type { DetectMapping, InvoiceMapping } from '../mapping/mapping-schema.ts';
import type { MappingRegistry } from '../mapping/registry.ts';
import { Refusal } from '../protocol/refusal.ts';
import { disagreements } from './agreement.ts';
import { embeddedMappingOf, pageMappingFor, pageMappingsOf } from './chosen-mapping.ts';
import { printedValues } from './printed-values.ts';

/** The place where the invoice was found, and the warnings about the invoice. */
export type Detected = {
  readonly pages: number;
  readonly warnings: readonly GatewayWarning[];
} & (
  | { readonly by: 'embedded'; readonly source: EmbeddedInvoice; readonly said: SemanticInvoice }
  | {
      readonly by: 'page';
      readonly mapping: InvoiceMapping;
      readonly reading: JudgedReading;
      /**
       * A sentence that says why the e-invoice inside the PDF was not used. Undefined when it was used, or when there
       * is none.
       */
      readonly inPlaceOf: string | undefined;
    }
);

/**
 * Finds the invoice of a document. It is the e-invoice inside the PDF when that keeps the rules of EN 16931,
 * otherwise the invoice on the page. The two are compared (ADR 0167).
 * @throws Refusal of the mapping that it chooses; `AMBIGUOUS` for two different e-invoices
 */
export async function detect(
  mapping: DetectMapping,
  registry: MappingRegistry,
  document: PDFDocumentProxy,
): Promise<Detected> {
  const found = await embeddedInvoices(embeddedMappingOf(mapping, registry), document);
  const candidates = found.invoices.filter(({ root }) => root !== ORDER && root !== ORDER_X);
  const source = onlyInvoice(candidates);
  const odd = [...found.remarks, ...found.refused.map(refusedWarning)];
  const sellers = registry.forSellers().values();
  const pages = await readPages([...pageMappingsOf(mapping, registry), ...sellers], document);
  const look: Look = { mapping, registry, document, pages };
  if (source === undefined) return byPage(look, { odd });
  const { said, failure } = judgeEmbedded(source);
  if (said && failure === undefined) {
    const warnings = [...odd, ...comparison(said, pages, await readSoundly(look))];
    return { by: 'embedded', source, said, pages: document.numPages, warnings };
  }
  const why = `The embedded e-invoice is not used. ${failure ?? ''}`.trim();
  const notTaken = { code: 'EMBEDDED_NOT_TAKEN', message: why };
  return withReasonInRefusal(why, () => byPage(look, { odd: [...odd, notTaken], said, inPlaceOf: why }));
}

/** A document whose pages are read, and the mappings to choose from. */
interface Look {
  readonly mapping: DetectMapping;
  readonly registry: MappingRegistry;
  readonly document: PDFDocumentProxy;
  readonly pages: ReadPages;
}

/**
 * Runs a step that may refuse the document. The refusal then also says why the e-invoice inside the PDF was not used.
 */
export async function withReasonInRefusal<T>(
  why: string | undefined,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refusal) || why === undefined) throw error;
    const message = `${why} The page could not be read in its place: ${error.message}`;
    throw new Refusal('OUTPUT_INVALID', message, { cause: error });
  }
}

const ORDER = 'Order';
const ORDER_X = 'SCRDMCCBDACIOMessageStructure';

function refusedWarning(message: string): GatewayWarning {
  return { code: 'EMBEDDED_XML_REFUSED', message };
}

/** Returns the values of an e-invoice, and a sentence that names the rule it breaks. */
function judgeEmbedded({ text }: EmbeddedInvoice): { said?: SemanticInvoice; failure?: string } {
  const read = readSemantic(text);
  if (read === undefined) return { failure: 'Its XML cannot be read.' };
  const { failure } = ublOf(text, read);
  return { said: read.invoice, ...(failure === undefined ? {} : { failure }) };
}

async function byPage(
  look: Look,
  about: {
    readonly odd: readonly GatewayWarning[];
    readonly said?: SemanticInvoice | undefined;
    readonly inPlaceOf?: string;
  },
): Promise<Detected> {
  const { odd, said, inPlaceOf } = about;
  const chosen = chosenFor(look);
  const reading = judgePages(chosen, look.pages);
  const compared = said === undefined ? [] : comparison(said, look.pages, reading.invoice);
  return {
    by: 'page',
    mapping: chosen,
    reading,
    inPlaceOf,
    pages: look.pages.text.pages.length,
    warnings: [...odd, ...compared],
  };
}

/**
 * Returns the mapping that the words on the page select. A mapping for the supplier whose tax number is printed has
 * priority, in any language.
 */
function chosenFor({ mapping, registry, pages }: Look): InvoiceMapping {
  const chosen = pageMappingFor(mapping, registry, pages.text);
  return supplierMapping(chosen, registry, pages) ?? chosen;
}

/** Returns the values of the page when it is read without a fault. Only these are compared with an e-invoice. */
async function readSoundly(look: Look): Promise<JudgedReading['invoice'] | undefined> {
  try {
    const chosen = chosenFor(look);
    const reading = judgePages(chosen, look.pages);
    writeReading(chosen, reading);
    return reading.findings.every(({ ok }) => ok) ? reading.invoice : undefined;
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

function comparison(
  said: SemanticInvoice,
  { text }: ReadPages,
  read: JudgedReading['invoice'] | undefined,
): GatewayWarning[] {
  if (text.pages.some((page) => page.lines.length > 0)) return disagreements(said, printedValues(text), read);
  const message = 'The page has no text, so the embedded e-invoice could not be compared with it.';
  return [{ code: 'EMBEDDED_NOT_COMPARED', message }];
}
