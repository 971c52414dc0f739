import type { Box } from '../pdf/matrix.ts';
import type { PageContent } from '../pdf/page-content.ts';
import type { ScanReader } from '../pdf/scanned-page.ts';

/** Scanned pages read in one document: one takes 4 to 9 s of the 20 s of processor time that a document has. */
export const SCANNED_PAGES_MAX = 3;
/** Images that cover less of a page than this are no scan of it. */
const COVERED_SHARE_MIN = 0.3;

let pagesRead = 0;

/** Whether this process has read a scan: the recogniser's memory is not given back at once. */
export function hasReadScans(): boolean {
  return pagesRead > 0;
}

/**
 * Reads the pages that have no text; undefined where the setting `GATEWAY_OCR` turns it off. What recognises text is
 * loaded when the first such page comes.
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

/** Whether the images of a page may be a scan of it. */
function isScan({ images, width, height }: PageContent): boolean {
  const area = images.reduce((sum, { box }) => sum + areaOf(box), 0);
  return area >= COVERED_SHARE_MIN * width * height;
}

function areaOf({ x0, y0, x1, y1 }: Box): number {
  return Math.max(0, x1 - x0) * Math.max(0, y1 - y0);
}
