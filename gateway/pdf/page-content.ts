import type { Box, Matrix } from './matrix.ts';
import type { TextPiece } from './show-glyphs.ts';

/** A filled rectangle-like area: what lies under it and was painted before can no longer be seen. */
export interface Fill {
  readonly box: Box;
  /** `#rrggbb`, or undefined for an image or pattern, whose colour is not known. */
  readonly color: string | undefined;
  /** Place in the drawing order of the page. */
  readonly order: number;
  /** True when nothing under it shows through. */
  readonly opaque: boolean;
}

/** An image painted on the page; `name` is its key in the page's object store. */
export interface PaintedImage {
  readonly name: string;
  readonly box: Box;
  /** From the unit square that every image is painted in, its first row at the top, to the page. */
  readonly matrix: Matrix;
  readonly inline: unknown;
}

/** Everything the page paints that reading needs, in page points with y downwards. */
export interface PageContent {
  readonly pageNumber: number;
  readonly width: number;
  readonly height: number;
  readonly pieces: readonly TextPiece[];
  readonly fills: readonly Fill[];
  readonly images: readonly PaintedImage[];
  /** Straight edges along the axes of what is stroked or filled, as boxes without width or without height; none unless asked for. */
  readonly edges: readonly Box[];
  /** Text pieces not seen because of a hidden layer, render mode 3 or 7, or full transparency. */
  readonly hidden: number;
}
