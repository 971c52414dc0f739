import type { Box } from '../pdf/matrix.ts';
import type { PageContent } from '../pdf/page-content.ts';
import type { ScanReader } from '../pdf/scanned-page.ts';

/**
 * The most scanned pages that are read in one document. A page takes 4 to 9 s of the 20 s of processor time for a
 * document.
 */
export const SCANNED_PAGES_MAX = 3;
/** A scan covers at least this share of its page. */
const COVERED_SHARE_MIN = 0.3;

let pagesRead = 0;

/**
 * True when this process has read a scan. The pool then replaces the process, because the OCR engine does not free its
 * memory at once.
 */
export function hasReadScans(): boolean {
  return pagesRead > 0;
}

/**
 * Returns a reader of pages without text; undefined when the setting `GATEWAY_OCR` is off. The OCR engine is loaded
 * with the first such page.
 */
export function scanReader(): ScanReader | undefined {
  return process.env['DOCKET_OCR'] === 'off' ? undefined : READER;
}

const READER: ScanReader = {
  pagesMax: SCANNED_PAGES_MAX,
  isScan,
  read: async (content, document) => {
    pagesRead += 1;
    const { readScan } = await import('./read-scan.ts');
    return readScan(content, document);
  },
};

/** True when the images of a page may be a scan of the page. */
function isScan({ images, width, height }: PageContent): boolean {
  const area = images.reduce((sum, { box }) => sum + areaOf(box), 0);
  return area >= COVERED_SHARE_MIN * width * height;
}

function areaOf({ x0, y0, x1, y1 }: Box): number {
  return Math.max(0, x1 - x0) * Math.max(0, y1 - y0);
}
