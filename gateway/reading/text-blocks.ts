import { STREET } from './address-labels.ts';
import { addressLine, postalOf } from './address-lines.ts';
import type { AddressLine } from './address-lines.ts';
import { LEGAL_FORM } from './legal-forms.ts';
import type { Token, TokenLine } from '../printed/tokens.ts';
import { cellsOf, textOf } from '../printed/tokens.ts';

/** Words of a line that belong to a block. */
export interface BlockCell {
  readonly tokens: readonly Token[];
  readonly line: TokenLine;
}

/** Cells below one another, such as an address or a letterhead. */
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
  /** The sides at which all cells of the block are aligned. */
  sides: readonly Side[];
  y: number;
  size: number;
  readonly cells: BlockCell[];
  readonly inOneLine: boolean;
}

/** At each side, aligned cells may differ by this many points. */
const toleranceOf: Readonly<Record<Side, number>> = { left: 6, right: 2.5, middle: 2.5 };
const SIDES: readonly Side[] = ['left', 'right', 'middle'];
const CELL_GAP_RATIO = 1.4;

/**
 * Groups cells below one another into blocks. The cells of a block are aligned at the left, at the right or at the
 * middle.
 */
export function textBlocks(lines: readonly TokenLine[]): TextBlock[] {
  const open: OpenBlock[] = [];
  for (const line of lines) {
    if (line.rotated) continue;
    for (const tokens of cellsOf(line, CELL_GAP_RATIO)) {
      const place = placeOf(tokens);
      const size = tokens[0]?.word.size ?? 0;
      const cell = { line, place, size, isPlace: postalOf(textOf(tokens)) !== undefined };
      const printed = addressLine(tokens);
      const address =
        printed?.hasName === true ? underName(printed, tokens, blockContinuedBy(open, cell)) : printed;
      const cells = (address?.parts ?? [withoutAddressLabel(tokens)]).map((part) => ({ tokens: part, line }));
      const home = address?.hasName === true ? undefined : blockContinuedBy(open, cell);
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

/** The words after the label of an address: `Morada: Rua Nova, 7`. */
function withoutAddressLabel(tokens: readonly Token[]): readonly Token[] {
  const [label] = tokens;
  return tokens.length > 1 && label?.text.endsWith(':') && STREET.has(label.key) ? tokens.slice(1) : tokens;
}

/**
 * Corrects an address in one line that has no name. If a name with a legal form stands above the line, and the first
 * words of the line have no legal form, these words belong to the street.
 */
function underName(
  address: AddressLine,
  tokens: readonly Token[],
  above: OpenBlock | undefined,
): AddressLine {
  const [name, street, ...rest] = address.parts;
  const isNamedAbove =
    above !== undefined &&
    !hasPlace(above) &&
    above.cells.some((cell) => LEGAL_FORM.test(textOf(cell.tokens)));
  if (!isNamedAbove || !name || !street || rest.length === 0 || LEGAL_FORM.test(textOf(name))) return address;
  const end = street.at(-1)?.x1 ?? 0;
  return { parts: [tokens.filter(({ x1 }) => x1 <= end), ...rest], hasName: false };
}

/** A street with its number. */
const STREET_LINE = /^\p{L}[\p{L}.' -]{3,}\s\d{1,4}\s?[a-z]?$/iu;

/** True for a cell that holds only a street and its number. */
export function isStreet({ tokens }: BlockCell): boolean {
  return STREET_LINE.test(textOf(tokens));
}

/** Joins street and place with a name above them, if an empty line is between them and the name has no address. */
function withAddresses(blocks: readonly OpenBlock[]): OpenBlock[] {
  const joined: OpenBlock[] = [];
  for (const block of blocks) {
    const [street, next] = block.cells;
    const isAddress =
      street !== undefined &&
      next !== undefined &&
      isStreet(street) &&
      postalOf(textOf(next.tokens)) !== undefined;
    const above = isAddress ? joined.find((other) => isDirectlyAbove(other, block, street.line)) : undefined;
    if (above) above.cells.push(...block.cells);
    else joined.push(block);
  }
  return joined;
}

function isDirectlyAbove(above: OpenBlock, block: OpenBlock, { y, size }: TokenLine): boolean {
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

/** The next cell to be added to a block. */
interface NextCell {
  readonly line: TokenLine;
  readonly place: Readonly<Record<Side, number>>;
  readonly size: number;
  /** True for a postal code with a place. */
  readonly isPlace: boolean;
}

/** The lines of a block are at most this many font sizes apart. */
const LINE_STEP_MAX = 1.9;
/** The place of an address may stand this many font sizes below name and street, after an empty line. */
const PLACE_STEP_MAX = 3;

/**
 * Finds the block that a cell continues. The block must be directly above the cell and aligned with the cell. If
 * there are several such blocks, the last block counts.
 */
function blockContinuedBy(
  open: readonly OpenBlock[],
  { line, place, size, isPlace }: NextCell,
): OpenBlock | undefined {
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
