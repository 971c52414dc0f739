import type { PDFDocumentProxy } from 'pdfjs-dist';
import { Refusal } from '../refusal.ts';
import { readPageContent } from './page-content.ts';
import type { PageContent } from './page-content.ts';
import type { HiddenCounts } from './visibility.ts';
import { noneHidden } from './visibility.ts';
import { pageText } from './words.ts';
import type { PageText } from './words.ts';

/** A document as a reader sees it. */
export interface PdfText {
  readonly pages: readonly PageText[];
  readonly hidden: HiddenCounts;
}

/** Bounds on one document; passing one is `PDF_LIMIT`. */
export interface ReadLimits {
  readonly pagesMax: number;
  readonly wordsMax: number;
}

export const DEFAULT_READ_LIMITS: ReadLimits = { pagesMax: 2000, wordsMax: 500_000 };

/** Called with each page's painted content before it is let go; used to look for QR codes and drawn edges. */
export type PageVisitor = (content: PageContent, document: PDFDocumentProxy) => Promise<void> | void;

/**
 * Reads the words of every page.
 * @param edges true for a visitor that looks at drawn edges
 * @throws Refusal `PDF_LIMIT` past a bound, `PDF_CORRUPT` when no page can be read.
 */
export async function readPdf(
  document: PDFDocumentProxy,
  limits: ReadLimits,
  visit?: PageVisitor,
  { edges }: { readonly edges: boolean } = { edges: false },
): Promise<PdfText> {
  if (document.numPages > limits.pagesMax) {
    throw new Refusal(
      'PDF_LIMIT',
      `The file has ${document.numPages} pages; at most ${limits.pagesMax} are converted.`,
    );
  }
  const layers = await document.getOptionalContentConfig();
  const hidden = noneHidden();
  const pages: PageText[] = [];
  let words = 0;
  let failure: unknown;
  for (let number = 1; number <= document.numPages; number++) {
    try {
      const content = await readPageContent(document, number, { layers, edges });
      const text = pageText(content, hidden);
      await visit?.(content, document);
      words += text.lines.reduce((sum, line) => sum + line.words.length, 0);
      pages.push(text);
    } catch (error) {
      if (error instanceof Refusal) throw error;
      failure ??= error;
    }
    if (words > limits.wordsMax)
      throw new Refusal('PDF_LIMIT', `The file holds more than ${limits.wordsMax} words.`);
    if (number < document.numPages) (await document.getPage(number)).cleanup();
  }
  if (failure !== undefined) {
    throw new Refusal('PDF_CORRUPT', 'A page of the file is damaged and cannot be read.', { cause: failure });
  }
  return { pages, hidden };
}
