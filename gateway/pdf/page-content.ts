import type { Box, Matrix } from './matrix.ts';
import type { TextPiece } from './show-glyphs.ts';

/** A filled area that is nearly a rectangle. It hides everything that was painted under it earlier. */
export interface Fill {
  readonly box: Box;
  /** The colour as `#rrggbb`; undefined for an image or a pattern, whose colour is not known. */
  readonly color: string | undefined;
  /** Position in the drawing order of the page. */
  readonly order: number;
  /** True when nothing under the fill is visible. */
  readonly opaque: boolean;
}

/** An image painted on the page; `name` is its key in the page's object store. */
export interface PaintedImage {
  readonly name: string;
  readonly box: Box;
  /** Maps the unit square to the page. Every image is painted in that square, with its first row at the top. */
  readonly matrix: Matrix;
  readonly inline: unknown;
}

/** The painted parts of a page that reading needs, in page points with y downwards. */
export interface PageContent {
  readonly pageNumber: number;
  readonly width: number;
  readonly height: number;
  readonly pieces: readonly TextPiece[];
  readonly fills: readonly Fill[];
  readonly images: readonly PaintedImage[];
  /**
   * Horizontal and vertical edges of stroked and filled paths, as boxes without width or height. Empty when the caller
   * asked for no edges.
   */
  readonly edges: readonly Box[];
  /** The number of text pieces that a hidden layer, render mode 3 or 7, or full transparency hides. */
  readonly hidden: number;
}
