import type { PDFDocumentProxy } from 'pdfjs-dist';
import { Refusal } from '../protocol/refusal.ts';
import type { LayerConfig } from './interpreter.ts';
import type { PageContent } from './page-content.ts';
import { readPageContent } from './read-page-content.ts';
import type { HiddenCounts } from './visibility.ts';
import { noHiddenText } from './visibility.ts';
import { pageText } from './words.ts';
import type { PageText } from './words.ts';
import type { ScannedPage, ScanReader } from './scanned-page.ts';

/** A document as a reader sees it. */
export interface PdfText {
  readonly pages: readonly PageText[];
  readonly hidden: HiddenCounts;
  /** The numbers of pages without text that OCR did not read, because it could not or because there were too many. */
  readonly leftOut: readonly number[];
}

/** Limits for one document. A document that exceeds a limit is refused as `PDF_LIMIT`. */
export interface ReadLimits {
  readonly pagesMax: number;
  readonly wordsMax: number;
}

export const DEFAULT_READ_LIMITS: ReadLimits = { pagesMax: 2000, wordsMax: 500_000 };

/**
 * Receives the painted content of each page, before its memory is freed. The visitor looks for QR codes and drawn
 * edges.
 */
export type PageVisitor = (
  content: PageContent,
  document: PDFDocumentProxy,
  scan: ScannedPage | undefined,
) => Promise<void> | void;

/** The functions that read more of the pages than their words. */
export interface PageReaders {
  readonly visit?: PageVisitor | undefined;
  /** Reads the pages without text. Without this reader, these pages have no words. */
  readonly scan?: ScanReader | undefined;
  /** True when the visitor needs drawn edges. */
  readonly edges?: boolean;
}

/**
 * Reads the words of every page.
 * @throws Refusal `PDF_LIMIT` when the document exceeds a limit, `PDF_CORRUPT` when no page can be read
 */
export async function readPdf(
  document: PDFDocumentProxy,
  limits: ReadLimits,
  readers: PageReaders = {},
): Promise<PdfText> {
  if (document.numPages > limits.pagesMax)
    throw new Refusal(
      'PDF_LIMIT',
      `The file has ${document.numPages} pages; at most ${limits.pagesMax} are converted.`,
    );
  const layers = await document.getOptionalContentConfig();
  const hidden = noHiddenText();
  const pages: PageText[] = [];
  const scans: number[] = [];
  let words = 0;
  let failure: unknown;
  for (let number = 1; number <= document.numPages; number += 1) {
    try {
      const content = await readPageContent(document, number, {
        layers,
        edges: readers.edges === true,
      });
      const own = pageText(content, hidden);
      const isScan = own.lines.length === 0 && readers.scan?.isScan(content) === true;
      if (isScan) scans.push(number);
      else await readers.visit?.(content, document, undefined);
      words += own.lines.reduce((sum, line) => sum + line.words.length, 0);
      pages.push(own);
    } catch (error) {
      if (error instanceof Refusal) throw error;
      failure ??= error;
    }
    if (words > limits.wordsMax)
      throw new Refusal('PDF_LIMIT', `The file holds more than ${limits.wordsMax} words.`);
    if (number < document.numPages) (await document.getPage(number)).cleanup();
  }
  if (failure !== undefined)
    throw new Refusal('PDF_CORRUPT', 'A page of the file is damaged and cannot be read.', { cause: failure });
  const text = { pages, hidden, leftOut: [] };
  return readers.scan && scans.length > 0
    ? withScans(text, { document, layers, readers, scan: readers.scan, scans })
    : text;
}

/** The data that is needed to read the scans, after all other pages are read. */
interface ScansToRead {
  readonly document: PDFDocumentProxy;
  readonly layers: LayerConfig;
  readonly readers: PageReaders;
  readonly scan: ScanReader;
  readonly scans: readonly number[];
}

/**
 * Returns the text with as many of its scans read as the limit allows.
 * @throws Refusal `PDF_LIMIT` for a document with too many scans and no other text
 */
async function withScans(
  text: PdfText,
  { document, layers, readers, scan, scans }: ScansToRead,
): Promise<PdfText> {
  const hasText = text.pages.some((page) => page.lines.length > 0);
  if (!hasText && scans.length > scan.pagesMax)
    throw new Refusal(
      'PDF_LIMIT',
      `The file is a scan of ${scans.length} pages; at most ${scan.pagesMax} are read. Send it in parts, or the digital original.`,
    );
  const pages = [...text.pages];
  const leftOut: number[] = scans.slice(scan.pagesMax);
  for (const number of scans.slice(0, scan.pagesMax)) {
    const content = await readPageContent(document, number, { layers, edges: false });
    const found = await scan.read(content, document);
    if (found === 'left out') {
      leftOut.push(number);
      continue;
    }
    await readers.visit?.(content, document, found);
    pages[number - 1] = textOfScan(found);
    (await document.getPage(number)).cleanup();
  }
  return { ...text, pages, leftOut: leftOut.toSorted((a, b) => a - b) };
}

/** Puts the words of a scan into reading order, with their boxes on the page as shown. */
function textOfScan({ content, boxAsShown }: ScannedPage): PageText {
  const text = pageText(content, noHiddenText());
  const lines = text.lines.map((line) => ({
    ...line,
    words: line.words.map((word) => ({ ...word, box: boxAsShown(word.box) })),
  }));
  return { ...text, lines, scanned: true };
}
