import type { Box, Matrix } from './matrix.ts';
import { IDENTITY } from './matrix.ts';
import type { PageFont } from './page-font.ts';

/** The part of the graphics and text state (ISO 32000-1, 8.4 and 9.3) that decides what is visible, and where. */
export interface GraphicsState {
  ctm: Matrix;
  clip: Box;
  /** The visible area of the page. Text outside this area is not visible. */
  readonly pageBox: Box;
  fillColor: string | undefined;
  strokeColor: string | undefined;
  fillAlpha: number;
  strokeAlpha: number;
  normalBlend: boolean;
  softMask: boolean;
  /** True inside a group that only defines a soft mask. */
  inMask: boolean;
  font: PageFont | undefined;
  fontSize: number;
  fontDirection: 1 | -1;
  textMatrix: Matrix;
  x: number;
  y: number;
  lineX: number;
  lineY: number;
  leading: number;
  charSpacing: number;
  wordSpacing: number;
  /** Horizontal scaling of text; 1 is 100 %. */
  hScale: number;
  rise: number;
  /**
   * The mode of text rendering (ISO 32000, 9.3.6): 0 fill, 1 stroke, 2 both, 3 invisible; 4 to 7 the same with
   * clipping.
   */
  renderMode: number;
}

/** The state that every page starts with (8.4.1): black ink, clipped only by the page. */
export function initialState(ctm: Matrix, pageBox: Box): GraphicsState {
  return {
    ctm,
    clip: pageBox,
    pageBox,
    fillColor: '#000000',
    strokeColor: '#000000',
    fillAlpha: 1,
    strokeAlpha: 1,
    normalBlend: true,
    softMask: false,
    inMask: false,
    font: undefined,
    fontSize: 0,
    fontDirection: 1,
    textMatrix: IDENTITY,
    x: 0,
    y: 0,
    lineX: 0,
    lineY: 0,
    leading: 0,
    charSpacing: 0,
    wordSpacing: 0,
    hScale: 1,
    rise: 0,
    renderMode: 0,
  };
}
