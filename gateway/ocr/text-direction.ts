import type { Ink } from '../pdf/image-ink.ts';

/** Reading direction in quarter turns: 0 left to right, 1 downwards, 2 upside down, 3 upwards. */
export type QuarterTurn = 0 | 1 | 2 | 3;

/** The possible directions of the text of a page. */
export interface TextDirection {
  /** The turns, the most likely turns first. The lines of a page do not show whether the page is upside down. */
  readonly turns: readonly [QuarterTurn, QuarterTurn, QuarterTurn, QuarterTurn];
  /**
   * The angle of the lines after the first turn, in radians: 0 for level lines, positive for lines that fall to the
   * right. `skewAcross` is the same angle for lines at right angles to these lines.
   */
  readonly skew: number;
  readonly skewAcross: number;
}

/** The largest skew of paper in a scanner. */
const SKEW_MAX_DEGREES = 6;
const COARSE_STEP_DEGREES = 0.5;
const FINE_STEP_DEGREES = 0.05;
/** A longer run of ink, in dots, is a drawn line or an area. */
const LETTER_RUN_MAX = 40;
/** The most dots of ink that are used. More dots would not make the direction clearer. */
const DOTS_MAX = 60_000;

/**
 * Finds the direction of the text on a page of about 100 dots an inch. In that direction, rows with much ink alternate
 * with blank rows. Undefined when nothing on the page is darker than the grain of paper.
 */
export function directionOf(page: Ink): TextDirection | undefined {
  const dark = darkBelow(page.gray);
  if (dark === undefined) return undefined;
  const dots = inkDots(page, dark);
  const level = steepest(dots.x, dots.y);
  // After a quarter turn back, text that runs downwards is level.
  const upright = steepest(
    dots.y,
    dots.x.map((x) => -x),
  );
  return level.contrast >= upright.contrast
    ? { turns: [0, 2, 1, 3], skew: level.angle, skewAcross: upright.angle }
    : { turns: [1, 3, 0, 2], skew: upright.angle, skewAcross: level.angle };
}

interface Dots {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/**
 * Returns the places of dark dots, from the middle of the page. It leaves long runs out and keeps at most `DOTS_MAX`
 * dots.
 */
function inkDots(page: Ink, dark: number): Dots {
  const { gray, width, height } = page;
  const isInk = new Uint8Array(gray.length);
  for (let at = 0; at < gray.length; at += 1) if ((gray[at] ?? PAPER) < dark) isInk[at] = 1;
  const along = isInk.slice();
  dropRuns(along, { count: height, step: width }, { count: width, step: 1 });
  dropRuns(isInk, { count: width, step: 1 }, { count: height, step: width });
  const found: number[] = [];
  for (let at = 0; at < gray.length; at += 1) if (isInk[at] === 1 && along[at] === 1) found.push(at);
  const stride = Math.max(1, Math.ceil(found.length / DOTS_MAX));
  const kept = found.filter((_, i) => i % stride === 0);
  return {
    x: Float32Array.from(kept, (at) => (at % width) - width / 2),
    y: Float32Array.from(kept, (at) => Math.floor(at / width) - height / 2),
  };
}

const PAPER = 255;

/**
 * The least difference between the lightness of paper and the mean lightness of ink, of 255. At 100 dots an inch, the
 * grain of paper differs by only a few steps.
 */
const INK_CONTRAST_MIN = 25;

/**
 * Returns the lightness that separates ink from paper best. This is the lightness with the most variance between ink
 * and paper (Otsu 1979). Undefined when ink and paper are nearly the same.
 */
function darkBelow(gray: Uint8Array): number | undefined {
  const counts = new Uint32Array(256);
  for (const value of gray) counts[value] = (counts[value] ?? 0) + 1;
  const all = counts.reduce((sum, count, value) => sum + count * value, 0);
  let best = { below: 128, variance: -1, contrast: 0 };
  let dark = 0;
  let darkSum = 0;
  for (let value = 0; value < 256; value += 1) {
    dark += counts[value] ?? 0;
    darkSum += (counts[value] ?? 0) * value;
    const light = gray.length - dark;
    if (dark === 0 || light === 0) continue;
    const apart = darkSum / dark - (all - darkSum) / light;
    const variance = dark * light * apart * apart;
    if (variance > best.variance) best = { below: value + 1, variance, contrast: Math.abs(apart) };
  }
  return best.contrast < INK_CONTRAST_MIN ? undefined : best.below;
}

interface Walk {
  readonly count: number;
  readonly step: number;
}

/** Clears every run of ink that is longer than a letter. */
function dropRuns(isInk: Uint8Array, lines: Walk, dots: Walk): void {
  for (let line = 0; line < lines.count; line += 1) {
    let run = 0;
    for (let dot = 0; dot <= dots.count; dot += 1) {
      const at = line * lines.step + dot * dots.step;
      if (dot < dots.count && isInk[at] === 1) {
        run += 1;
        continue;
      }
      if (run > LETTER_RUN_MAX) for (let back = 1; back <= run; back += 1) isInk[at - back * dots.step] = 0;
      run = 0;
    }
  }
}

/** Finds the angle at which rows of ink and blank rows differ most. */
function steepest(x: Float32Array, y: Float32Array): { readonly angle: number; readonly contrast: number } {
  const best = (from: number, to: number, step: number): { angle: number; contrast: number } => {
    let found = { angle: 0, contrast: -1 };
    for (let i = 0; i <= Math.round((to - from) / step); i += 1) {
      const angle = ((from + i * step) * Math.PI) / 180;
      const contrast = contrastAt({ x, y }, angle);
      if (contrast > found.contrast) found = { angle, contrast };
    }
    return found;
  };
  const coarse = best(-SKEW_MAX_DEGREES, SKEW_MAX_DEGREES, COARSE_STEP_DEGREES);
  const middle = (coarse.angle * 180) / Math.PI;
  return best(middle - COARSE_STEP_DEGREES, middle + COARSE_STEP_DEGREES, FINE_STEP_DEGREES);
}

function contrastAt({ x, y }: Dots, angle: number): number {
  const sin = Math.sin(angle);
  const cos = Math.cos(angle);
  const rows = new Uint32Array(2 * ROWS_TO_MIDDLE);
  for (let i = 0; i < x.length; i += 1) {
    // With this shift the row is above zero, so that `| 0` rounds down.
    const row = (y[i]! * cos - x[i]! * sin + ROWS_TO_MIDDLE) | 0;
    rows[row]! += 1;
  }
  let contrast = 0;
  for (let row = 1; row < rows.length; row += 1) {
    const step = rows[row]! - rows[row - 1]!;
    contrast += step * step;
  }
  return contrast;
}

/**
 * Most rows between the middle of a page and its corner. This is enough for 12 million dots at a third of the
 * resolution.
 */
const ROWS_TO_MIDDLE = 8192;
