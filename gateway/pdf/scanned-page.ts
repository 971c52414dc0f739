import type { PDFDocumentProxy } from 'pdfjs-dist';
import type { Ink } from './image-ink.ts';
import type { Box } from './matrix.ts';
import type { PageContent } from './page-content.ts';

/** A page whose words come from OCR. */
export interface ScannedPage {
  /** The content of the page after its skew is removed, with the words as pieces of text. */
  readonly content: PageContent;
  /** Maps a box of the page without skew to the page as shown. */
  readonly boxAsShown: (box: Box) => Box;
  /** The picture of the page, turned upright. */
  readonly ink: Ink;
}

/** Reads pages without text. */
export interface ScanReader {
  /** Most pages of one document that this reader reads. */
  readonly pagesMax: number;
  /** True when a page without text may show a picture of text. */
  isScan(content: PageContent): boolean;
  /** Returns `left out` for a page that OCR cannot read well enough. */
  read(content: PageContent, document: PDFDocumentProxy): Promise<ScannedPage | 'left out'>;
}
