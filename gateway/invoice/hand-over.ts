import type { PDFDocumentProxy } from 'pdfjs-dist';
import type { InvoiceMapping, Mapping } from '../mapping/mapping-schema.ts';
import type { MappingRegistry } from '../mapping/registry.ts';
import { withoutCopies } from '../reading/copies.ts';
import { readDocument } from '../reading/document.ts';
import { printedPlace, taxNumberKeys } from '../reading/printed-place.ts';
import { Refusal } from '../protocol/refusal.ts';
import { readPages, type ReadPages } from './convert-invoice.ts';
import { readInvoice } from './read-invoice.ts';

/** The mapping that converts a document. Also the document's pages, if they were read for the choice. */
export interface HandedOver {
  readonly mapping: Mapping;
  readonly pages: ReadPages | undefined;
}

/**
 * Chooses the mapping that converts. The requested mapping may hand documents over to the mappings of single sellers.
 * If the page prints the tax number of such a seller, the seller's mapping converts the document (ADR 0173).
 * @throws Refusal `AMBIGUOUS` when the page prints the numbers of several such sellers, `PDF_LIMIT`, `PDF_CORRUPT`
 */
export async function handedOver(
  asked: Mapping,
  registry: MappingRegistry,
  document: PDFDocumentProxy,
): Promise<HandedOver> {
  const sellers = registry.forSellers();
  if (asked.reader !== 'invoice' || asked.handsOver !== true || sellers.size === 0)
    return { mapping: asked, pages: undefined };
  const pages = await readPages([asked, ...sellers.values()], document);
  return { mapping: supplierMapping(asked, registry, pages) ?? asked, pages };
}

/**
 * Finds the mapping of the seller whose tax number the page prints.
 * @param asked the requested mapping; its labels split the page into words
 * @returns undefined when no such mapping exists
 * @throws Refusal `AMBIGUOUS` when the page prints the numbers of several such sellers
 */
export function supplierMapping(
  asked: InvoiceMapping,
  registry: MappingRegistry,
  pages: ReadPages,
): InvoiceMapping | undefined {
  const sellers = registry.forSellers();
  if (sellers.size === 0) return undefined;
  const words = readDocument(pages.text, asked);
  const found = [...sellers].filter(
    ([number, mapping]) =>
      printedPlace(words, taxNumberKeys(number)) !== undefined && !isBuyer(number, mapping, pages),
  );
  const mappings = [...new Set(found.map(([, mapping]) => mapping))];
  if (mappings.length > 1)
    throw new Refusal(
      'AMBIGUOUS',
      `The page prints the tax numbers of several sellers that have mappings of their own: ${found
        .map(([number, { id }]) => `${number} (${id})`)
        .join(', ')}.`,
    );
  return mappings[0];
}

/** True when the page prints the number as the buyer's. A company for which a mapping exists may also be a buyer. */
function isBuyer(number: string, mapping: InvoiceMapping, { text, codes }: ReadPages): boolean {
  const bare = (value: string | undefined): string | undefined => value?.replace(/^[A-Z]{2}/, '');
  try {
    const { buyer } = readInvoice({ ...text, pages: withoutCopies(text.pages) }, mapping, codes).invoice;
    return bare(buyer.vatId?.value) === bare(number);
  } catch (error) {
    // The conversion will report the reason why the document cannot be read.
    if (error instanceof Refusal) return false;
    throw error;
  }
}
