import type { PDFDocumentProxy } from 'pdfjs-dist';
import { Refusal } from '../protocol/refusal.ts';
import { initialState } from './graphics-state.ts';
import { GRAPHICS_STEPS } from './graphics-steps.ts';
import type { Interpreter, LayerConfig, Step } from './interpreter.ts';
import { restore, save, settleSaves } from './interpreter.ts';
import type { Box } from './matrix.ts';
import { matrixFrom } from './matrix.ts';
import { loadPdfjs } from './open-document.ts';
import type { PageContent } from './page-content.ts';
import { imagesArrived, uncoverDamaged } from './page-images.ts';
import { PAINT_STEPS } from './paint-steps.ts';
import { TEXT_STEPS } from './text-steps.ts';

/** The most drawing operations of one page. A page with more is refused as `PDF_LIMIT`. */
const OPERATORS_PER_PAGE_MAX = 3_000_000;

/** The content to read from a page besides its words. */
export interface PageWants {
  readonly layers: LayerConfig;
  readonly edges: boolean;
}

/**
 * Reads the painted content of one page.
 * @throws Refusal `PDF_LIMIT` when the page exceeds a limit
 */
export async function readPageContent(
  document: PDFDocumentProxy,
  pageNumber: number,
  wants: PageWants,
): Promise<PageContent> {
  const pdfjs = await loadPdfjs();
  const page = await document.getPage(pageNumber);
  const viewport = page.getViewport({ scale: 1 });
  const list = await page.getOperatorList();
  if (list.fnArray.length > OPERATORS_PER_PAGE_MAX)
    throw new Refusal(
      'PDF_LIMIT',
      `Page ${pageNumber} has more than ${OPERATORS_PER_PAGE_MAX} drawing operations.`,
    );
  await imagesArrived(page, list, pdfjs.OPS['paintImageXObject'] ?? -1);
  const base = matrixFrom(viewport.transform) ?? ([1, 0, 0, -1, 0, 0] as const);
  const crop: Box = { x0: 0, y0: 0, x1: viewport.width, y1: viewport.height };
  const run: Interpreter = {
    page,
    base,
    isLayerVisible: (group) => wants.layers.isVisible(group),
    pieces: [],
    fills: [],
    images: [],
    covers: [],
    edges: wants.edges ? [] : undefined,
    fonts: new Map(),
    state: initialState(base, crop),
    stack: [],
    pendingSaves: 0,
    layers: [],
    hiddenLayers: 0,
    hidden: 0,
    pendingClip: false,
    order: 0,
  };
  const steps = stepsByOperator(pdfjs.OPS);
  for (let i = 0; i < list.fnArray.length; i += 1) {
    run.order = i;
    const args: unknown = list.argsArray[i];
    const step = steps[list.fnArray[i] ?? 0];
    if (step !== save && step !== restore) settleSaves(run);
    step?.(run, Array.isArray(args) ? (args as unknown[]) : []);
  }
  await uncoverDamaged(run);
  const { pieces, fills, images, edges = [], hidden } = run;
  const { width, height } = viewport;
  return { pageNumber, width, height, pieces, fills, images, edges, hidden };
}

let stepsCache: (Step | undefined)[] | undefined;

function stepsByOperator(OPS: Readonly<Record<string, number>>): (Step | undefined)[] {
  if (stepsCache) return stepsCache;
  const table: (Step | undefined)[] = [];
  for (const [name, step] of Object.entries({ ...GRAPHICS_STEPS, ...TEXT_STEPS, ...PAINT_STEPS })) {
    const code = OPS[name];
    if (code !== undefined) table[code] = step;
  }
  stepsCache = table;
  return table;
}
