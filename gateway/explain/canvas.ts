import { join } from 'node:path';
import { pdfjsFolder } from '../pdf/open-document.ts';
import { Refusal } from '../protocol/refusal.ts';

export type Canvas = typeof import('@napi-rs/canvas');
export type Ink = ReturnType<ReturnType<Canvas['createCanvas']>['getContext']>;

/** The name under which the font is registered. */
export const FONT_NAME = 'DocketSans';

/**
 * Loads the native canvas and its browser classes. Call it before pdfjs is loaded.
 * @throws Refusal where the canvas is not installed
 */
export async function prepareDrawing(): Promise<Canvas> {
  try {
    const canvas = await import('@napi-rs/canvas');
    const scope = globalThis as Record<string, unknown>;
    scope['DOMMatrix'] = canvas.DOMMatrix;
    scope['Path2D'] = canvas.Path2D;
    scope['ImageData'] = canvas.ImageData;
    canvas.GlobalFonts.registerFromPath(
      join(pdfjsFolder, 'standard_fonts', 'LiberationSans-Regular.ttf'),
      FONT_NAME,
    );
    return canvas;
  } catch (error) {
    throw new Refusal(
      'INTERNAL',
      'Pictures need the optional package @napi-rs/canvas, which is not installed here.',
      { cause: error },
    );
  }
}
