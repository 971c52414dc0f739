import type { PDFDocumentProxy } from 'pdfjs-dist';
import type { Ink } from './image-ink.ts';
import type { Box } from './matrix.ts';
import type { PageContent } from './page-content.ts';

/** A page whose words were recognised in its pictures. */
export interface ScannedPage {
  /** The page with its words as pieces of text, straight. */
  readonly content: PageContent;
  /** Where a box of the straight page is on the page as shown. */
  readonly boxAsShown: (box: Box) => Box;
  /** The page as a picture, upright. */
  readonly ink: Ink;
}

/** What reads pages without text. */
export interface ScanReader {
  /** Most scans of one document. */
  readonly pagesMax: number;
  /** Whether what a page without text shows may be a picture of text. */
  isScan(content: PageContent): boolean;
  /** `left out` for a page that cannot be read well enough. */
  read(content: PageContent, document: PDFDocumentProxy): Promise<ScannedPage | 'left out'>;
}
