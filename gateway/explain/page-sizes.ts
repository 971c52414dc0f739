import type { PDFDocumentProxy } from 'pdfjs-dist';

/** The size of a page as shown (turned and cropped), in points. */
export interface PageSize {
  /** The number of the page, from 1. */
  readonly page: number;
  readonly width: number;
  readonly height: number;
}

/** The most pages whose sizes are returned. Values on later pages have no place. */
const PAGES_MAX = 2000;

/** The sizes of a document's pages, in order. */
export async function pageSizes(document: PDFDocumentProxy): Promise<PageSize[]> {
  const sizes: PageSize[] = [];
  for (let page = 1; page <= Math.min(document.numPages, PAGES_MAX); page += 1) {
    const { width, height } = (await document.getPage(page)).getViewport({ scale: 1 });
    sizes.push({ page, width, height });
  }
  return sizes;
}
