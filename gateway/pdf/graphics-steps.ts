import { initialState } from './graphics-state.ts';
import type { Step } from './interpreter.ts';
import { clipTo, concat, matrixlessBox, restore, save, saveNow } from './interpreter.ts';
import { matrixFrom, number } from './matrix.ts';
import { setFont } from './text-steps.ts';

const color = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The operators on the graphics state, forms, groups, annotations and marked content, by their names in pdfjs. */
export const GRAPHICS_STEPS: Record<string, Step> = {
  save,
  restore,
  transform: (run, args) => concat(run, matrixFrom(args)),
  setGState: (run, args) => {
    for (const entry of Array.isArray(args[0]) ? (args[0] as unknown[]) : []) {
      const [key, value] = Array.isArray(entry) ? (entry as unknown[]) : [];
      if (key === 'ca') run.state.fillAlpha = number(value);
      else if (key === 'CA') run.state.strokeAlpha = number(value);
      else if (key === 'BM') run.state.normalBlend = value === 'source-over' || value === 'Normal';
      else if (key === 'SMask') run.state.softMask = Boolean(value);
      else if (key === 'Font' && Array.isArray(value)) setFont(run, value as unknown[]);
    }
  },
  setFillRGBColor: (run, args) => void (run.state.fillColor = color(args[0])),
  setStrokeRGBColor: (run, args) => void (run.state.strokeColor = color(args[0])),
  setFillColorN: (run) => void (run.state.fillColor = undefined),
  setStrokeColorN: (run) => void (run.state.strokeColor = undefined),
  setFillTransparent: (run) => void (run.state.fillColor = undefined),
  clip: (run) => void (run.pendingClip = true),
  eoClip: (run) => void (run.pendingClip = true),
  paintFormXObjectBegin: (run, args) => {
    saveNow(run, args);
    concat(run, matrixFrom(args[0]));
    if (args[1]) clipTo(run, args[1]);
  },
  paintFormXObjectEnd: restore,
  beginGroup: (run, args) => {
    saveNow(run, args);
    const group = args[0] as { smask?: unknown } | undefined;
    // Drawing inside a soft mask leaves no ink on the page.
    if (group?.smask) run.state.inMask = true;
  },
  endGroup: restore,
  beginAnnotation: (run, args) => {
    saveNow(run, args);
    const rect = matrixlessBox(args[1]);
    run.state = { ...initialState(run.base, run.state.pageBox) };
    if (rect) clipTo(run, rect);
    concat(run, matrixFrom(args[2]));
    concat(run, matrixFrom(args[3]));
  },
  endAnnotation: restore,
  beginMarkedContent: (run) => void run.layers.push(true),
  beginMarkedContentProps: (run, args) => {
    const visible = args[0] !== 'OC' || run.isLayerVisible(args[1]);
    run.layers.push(visible);
    if (!visible) run.hiddenLayers += 1;
  },
  endMarkedContent: (run) => {
    if (run.layers.pop() === false) run.hiddenLayers -= 1;
  },
};
