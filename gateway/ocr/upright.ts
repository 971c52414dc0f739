import type { Ink } from '../pdf/image-ink.ts';
import type { Matrix } from '../pdf/matrix.ts';
import { multiply } from '../pdf/matrix.ts';
import type { PlacedInk } from './page-raster.ts';
import { rasterOf, softened } from './page-raster.ts';
import type { SeenWord } from './recognise.ts';
import { recognise } from './recognise.ts';
import type { QuarterTurn, TextDirection } from './text-direction.ts';
import { directionOf } from './text-direction.ts';

/** A scanned page, turned upright, at `dotsPerPoint`. */
export interface UprightPage {
  readonly ink: Ink;
  readonly turn: QuarterTurn;
  /** The angle in radians by which the lines fell to the right before they were straightened. */
  readonly skew: number;
  readonly dotsPerPoint: number;
}

/** The size of a page in points. */
export interface PageSides {
  readonly width: number;
  readonly height: number;
}

const POINTS_PER_INCH = 72;
const READING_DPI = 300;
const DIRECTION_DPI = 100;
/**
 * The largest number of dots of a page. An A4 page at 300 dots an inch has 8.7 million. A larger page is read with
 * fewer dots an inch.
 */
const READING_DOTS_MAX = 12_000_000;

/**
 * Turns a scanned page upright. Rows of ink show a small skew. The best quarter turn is the turn in which words can
 * be read best. Undefined for a picture without readable words.
 */
export async function uprightPage(
  images: readonly PlacedInk[],
  page: PageSides,
): Promise<UprightPage | undefined> {
  const dotsPerPoint = Math.min(
    READING_DPI / POINTS_PER_INCH,
    Math.sqrt(READING_DOTS_MAX / (page.width * page.height)),
  );
  const coarse = dotsPerPoint * (DIRECTION_DPI / READING_DPI);
  const direction = directionOf(turned(images, page, { turn: 0, skew: 0, dotsPerPoint: coarse }));
  if (!direction) return undefined;
  const legibilities: number[] = [];
  let best: { readonly upright: UprightPage; readonly legibility: number } | undefined;
  for (const turn of direction.turns) {
    const way = { turn, skew: skewOf(direction, turn), dotsPerPoint };
    const upright = { ...way, ink: softened(turned(images, page, way)) };
    const legibility = legibilityOf(await recognise(busiestBand(upright.ink), 'eng'));
    if (!best || legibility > best.legibility) best = { upright, legibility };
    legibilities.push(legibility);
    if (isDecided(legibilities)) break;
  }
  return best === undefined || best.legibility < ILLEGIBLE_BELOW ? undefined : best.upright;
}

function skewOf(direction: TextDirection, turn: QuarterTurn): number {
  return (turn - direction.turns[0]) % 2 === 0 ? direction.skew : direction.skewAcross;
}

type Way = Omit<UprightPage, 'ink'>;

function turned(images: readonly PlacedInk[], page: PageSides, way: Way): Ink {
  const upright = sidesOf(page, way.turn);
  const size = {
    width: Math.max(1, Math.round(upright.width * way.dotsPerPoint)),
    height: Math.max(1, Math.round(upright.height * way.dotsPerPoint)),
  };
  const scale = 1 / way.dotsPerPoint;
  const angle = (way.turn * Math.PI) / 2 + way.skew;
  return rasterOf(images, size, multiply(toPage(page, upright, angle), [scale, 0, 0, scale, 0, 0]));
}

/** Returns the sides of a page after quarter turns. */
export function sidesOf({ width, height }: PageSides, turn: QuarterTurn): PageSides {
  return turn % 2 === 0 ? { width, height } : { width: height, height: width };
}

/** Maps points of the upright page to points of the page as shown, which is turned clockwise about its middle. */
export function toPage(page: PageSides, upright: PageSides, angle: number): Matrix {
  const sin = Math.sin(angle);
  const cos = Math.cos(angle);
  const back: Matrix = [1, 0, 0, 1, -upright.width / 2, -upright.height / 2];
  return multiply([cos, sin, -sin, cos, page.width / 2, page.height / 2], back);
}

/**
 * From this confidence on, the direction is decided. Upright words have a confidence of about 0.9, upside-down words
 * of about 0.3.
 */
const LEGIBLE = 0.7;
/** A picture has no readable words when the confidence of its best direction is below this. */
const ILLEGIBLE_BELOW = 0.35;
/**
 * On a poor print, the direction is decided when its confidence is this many times the confidence of the next best
 * direction.
 */
const TIMES_BETTER = 1.5;
const LEGIBLE_AT_ALL = 0.4;

function isDecided(legibilities: readonly number[]): boolean {
  const [first = 0, second = 0] = legibilities.toSorted((a, b) => b - a);
  if (first >= LEGIBLE) return true;
  return legibilities.length > 1 && first >= LEGIBLE_AT_ALL && first >= TIMES_BETTER * second;
}

/** Returns the mean confidence of long words, 0 to 1. */
function legibilityOf(words: readonly SeenWord[]): number {
  const long = words.filter(({ text }) => /[\p{L}\p{N}]{3}/u.test(text));
  if (long.length === 0) return 0;
  return long.reduce((sum, word) => sum + word.confidence, 0) / long.length;
}

const BANDS_OF_PAGE = 8;
/** Parts from left to right into which a band is divided. */
const PARTS_OF_BAND = 32;
/** The difference in lightness between two neighbouring dots at the edge of a letter. */
const EDGE_MIN = 60;
/** A part of a band holds letters when its rows have at least this many edges on average. */
const EDGES_OF_LETTERS = 1;
const ROWS_SKIPPED = 3;

/**
 * Returns the band of a page, from side to side, that has letters in most of its parts. A picture or a code fills only
 * some of the parts.
 */
function busiestBand({ gray, width, height }: Ink): Ink {
  const rows = Math.max(1, Math.ceil(height / BANDS_OF_PAGE));
  let best = { from: 0, lettered: -1 };
  for (let from = 0; from < height; from += rows) {
    const edges = new Uint32Array(PARTS_OF_BAND);
    const to = Math.min(from + rows, height);
    for (let y = from; y < to; y += ROWS_SKIPPED)
      for (let x = 1, at = y * width + 1; x < width; x += 1, at += 1) {
        if (Math.abs((gray[at] ?? 0) - (gray[at - 1] ?? 0)) <= EDGE_MIN) continue;
        const part = Math.floor((x * PARTS_OF_BAND) / width);
        edges[part] = (edges[part] ?? 0) + 1;
      }
    const enough = ((to - from) / ROWS_SKIPPED) * EDGES_OF_LETTERS;
    const lettered = edges.filter((count) => count >= enough).length;
    if (lettered > best.lettered) best = { from, lettered };
  }
  const to = Math.min(best.from + rows, height);
  return { gray: gray.subarray(best.from * width, to * width), width, height: to - best.from };
}
