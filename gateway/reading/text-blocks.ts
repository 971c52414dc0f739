import { addressLine, postalOf } from './address-lines.ts';
import type { Token, TokenLine } from '../printed/tokens.ts';
import { cellsOf, textOf } from '../printed/tokens.ts';

/** Some words of a line that belong to a block. */
export interface BlockCell {
  readonly tokens: readonly Token[];
  readonly line: TokenLine;
}

/** Cells that stand over one another: an address, a letterhead. */
export interface TextBlock {
  readonly page: number;
  readonly x0: number;
  readonly cells: readonly BlockCell[];
  /** True for a name and its address in one line. */
  readonly inOneLine: boolean;
}

type Side = 'left' | 'right' | 'middle';

interface OpenBlock {
  readonly page: number;
  readonly place: Readonly<Record<Side, number>>;
  /** The sides on which all its cells are aligned. */
  sides: readonly Side[];
  y: number;
  size: number;
  readonly cells: BlockCell[];
  readonly inOneLine: boolean;
}

/** How far, in points, cells that stand in line at a side may be apart there. */
const toleranceOf: Readonly<Record<Side, number>> = { left: 6, right: 2.5, middle: 2.5 };
const SIDES: readonly Side[] = ['left', 'right', 'middle'];
const CELL_GAP_RATIO = 1.4;

/** Blocks of lines: cells under one another that stand in line at their left, at their right or in their middle. */
export function textBlocks(lines: readonly TokenLine[]): TextBlock[] {
  const open: OpenBlock[] = [];
  for (const line of lines) {
    if (line.rotated) continue;
    for (const tokens of cellsOf(line, CELL_GAP_RATIO)) {
      const address = addressLine(tokens);
      const cells = (address?.parts ?? [tokens]).map((part) => ({ tokens: part, line }));
      const place = placeOf(tokens);
      const size = tokens[0]?.word.size ?? 0;
      const cell = { line, place, size, isPlace: postalOf(textOf(tokens)) !== undefined };
      const home = address?.hasName === true ? undefined : homeOf(open, cell);
      if (!home) {
        const inOneLine = address?.hasName === true;
        open.push({ page: line.page, place, sides: SIDES, y: line.y, size, cells, inOneLine });
        continue;
      }
      home.cells.push(...cells);
      home.sides = home.sides.filter((side) => isInLine(home, place, side));
      home.y = line.y;
      home.size = size;
    }
  }
  return withAddresses(open).map(({ page, place, cells, inOneLine }) => ({
    page,
    x0: place.left,
    cells,
    inOneLine,
  }));
}

/** A street with its number. */
const STREET = /^\p{L}[\p{L}.' -]{3,}\s\d{1,4}\s?[a-z]?$/iu;

/** True for a cell that looks like a street and its number, and holds nothing else. */
export function isStreet({ tokens }: BlockCell): boolean {
  return STREET.test(textOf(tokens));
}

/** The blocks, where a street and a place that stand an empty line under a name without an address are joined with it. */
function withAddresses(blocks: readonly OpenBlock[]): OpenBlock[] {
  const joined: OpenBlock[] = [];
  for (const block of blocks) {
    const [street, next] = block.cells;
    const isAddress =
      street !== undefined &&
      next !== undefined &&
      isStreet(street) &&
      postalOf(textOf(next.tokens)) !== undefined;
    const above = isAddress ? joined.find((other) => isRightAbove(other, block, street.line)) : undefined;
    if (above) above.cells.push(...block.cells);
    else joined.push(block);
  }
  return joined;
}

function isRightAbove(above: OpenBlock, block: OpenBlock, { y, size }: TokenLine): boolean {
  return (
    above.page === block.page &&
    !above.inOneLine &&
    !hasPlace(above) &&
    y > above.y &&
    y - above.y < PLACE_STEP_MAX * Math.max(above.size, size) &&
    Math.abs(above.size - size) < 0.1 * size &&
    isInLine(above, block.place, 'left')
  );
}

function hasPlace({ cells }: OpenBlock): boolean {
  return cells.some(({ tokens }) => postalOf(textOf(tokens)) !== undefined);
}

function placeOf(tokens: readonly Token[]): Readonly<Record<Side, number>> {
  const left = tokens[0]?.x0 ?? 0;
  const right = tokens.at(-1)?.x1 ?? 0;
  return { left, right, middle: (left + right) / 2 };
}

function isInLine(block: OpenBlock, place: Readonly<Record<Side, number>>, side: Side): boolean {
  return Math.abs(block.place[side] - place[side]) < toleranceOf[side];
}

/** A cell that looks for its block. */
interface NextCell {
  readonly line: TokenLine;
  readonly place: Readonly<Record<Side, number>>;
  readonly size: number;
  /** True for a postal code and a place. */
  readonly isPlace: boolean;
}

/** Lines of a block are not further apart than so many font sizes. */
const LINE_STEP_MAX = 1.9;
/** An empty line may stand between name and street and the place of their address. */
const PLACE_STEP_MAX = 3;

/** The block that a cell goes on with: of those right above it, the last that it stands in line with. */
function homeOf(open: readonly OpenBlock[], { line, place, size, isPlace }: NextCell): OpenBlock | undefined {
  const near = open.filter((block) => {
    const lacksPlace = isPlace && block.cells.length > 1 && !hasPlace(block);
    return (
      !block.inOneLine &&
      block.page === line.page &&
      line.y - block.y > 0.3 * line.size &&
      line.y - block.y < (lacksPlace ? PLACE_STEP_MAX : LINE_STEP_MAX) * Math.max(block.size, size)
    );
  });
  for (const side of SIDES) {
    const home = near.findLast((block) => block.sides.includes(side) && isInLine(block, place, side));
    if (home) return home;
  }
  return undefined;
}
