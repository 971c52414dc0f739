import type { TableRule } from '../mapping/mapping-schema.ts';
import type { Found } from '../printed/provenance.ts';
import type { Token, TokenLine } from '../printed/tokens.ts';
import { isAboutPrice } from './name-lines.ts';
import type { OpenRow } from './open-rows.ts';

export function hasQuantityAndPrice(cells: ReadonlyMap<string, Found>): boolean {
  return cells.has('qty') && cells.has('price');
}

/** Amounts that only may be amounts (`3`) make a row of their own only beside a quantity and a price. */
const MONEY_FIT_MIN = 0.9;

export function isAnchor(rule: TableRule, cells: ReadonlyMap<string, Found>): boolean {
  const counts = (name: string): boolean => {
    const cell = cells.get(name);
    if (!cell) return false;
    return (
      rule.columns[name]?.type !== 'money' || cell.confidence >= MONEY_FIT_MIN || hasQuantityAndPrice(cells)
    );
  };
  return rule.rowAnchor.some((set) => set.every(counts));
}

/** How far, in line heights, a continuation line may stand from its row. */
export const CONTINUATION_LINES_MAX = 1.62;

/** Columns of which a line has none that only goes on with the row above it. */
const BEGINS_ROW = ['pos', 'qty', 'price', 'rate'] as const;

/**
 * True for a line with the amount that the row above it lacks: where cells are aligned by their middle, it stands half a
 * line below the quantity and the price.
 */
export function completesRow(
  above: OpenRow | undefined,
  line: TokenLine,
  cells: ReadonlyMap<string, Found>,
): boolean {
  if (!above || above.lastPage !== line.page || above.cells.has('total') || !hasQuantityAndPrice(above.cells))
    return false;
  const amount = cells.get('total');
  if (!amount || amount.confidence < MONEY_FIT_MIN || BEGINS_ROW.some((name) => cells.has(name)))
    return false;
  return line.y - above.y <= CONTINUATION_LINES_MAX * Math.min(line.size, above.size);
}

/** A line with an amount that fits no row, and the rows above it. */
export interface LeftOut {
  readonly text: string;
  readonly amount: Found;
  readonly rowsAbove: number;
}

/** The rows of a part of a table as far as it is read, and the lines left out between them. */
interface RowsSoFar {
  readonly rows: readonly OpenRow[];
  readonly hasLowerAmounts: boolean;
  readonly leftOut: LeftOut[];
}

/**
 * True for a line with figures that is no item: it says how a price came about, or it has neither a position nor an amount
 * where the items above have both.
 */
export function isRemark(
  tokens: readonly Token[],
  cells: ReadonlyMap<string, Found>,
  { rows, hasLowerAmounts }: RowsSoFar,
): boolean {
  if (rows.length === 0) return false;
  const lacks = (name: string): boolean => !cells.has(name) && rows.every((row) => row.cells.has(name));
  return isAboutPrice(tokens) || (!hasLowerAmounts && lacks('pos') && lacks('total'));
}

/** Notes a line whose amount the row above it has no use for. */
export function noteAmount(part: RowsSoFar, { text }: TokenLine, cells: ReadonlyMap<string, Found>): void {
  const amount = cells.get('total');
  const above = part.rows.at(-1)?.cells;
  if (!amount || amount.confidence < MONEY_FIT_MIN || !above) return;
  if (above.get('total') === amount || above.get('takenOff') === amount) return;
  part.leftOut.push({ text, amount, rowsAbove: part.rows.length });
}
