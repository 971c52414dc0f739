import Big from 'big.js';
import type { TableRule } from '../mapping/mapping-schema.ts';
import type { Found } from '../printed/provenance.ts';
import type { Token, TokenLine } from '../printed/tokens.ts';
import { isAboutPrice } from './name-lines.ts';
import type { OpenRow } from './open-rows.ts';

export function hasQuantityAndPrice(cells: ReadonlyMap<string, Found>): boolean {
  return cells.has('qty') && cells.has('price');
}

/**
 * A figure whose fit is below this may be something else than an amount (`3`). It begins a row only beside a quantity
 * and a price.
 */
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

/** A continuation line may stand at most this many line heights below its row. */
export const CONTINUATION_LINES_MAX = 1.62;

/** A line with a value in one of these columns begins a new row. */
const BEGINS_ROW = ['pos', 'qty', 'price', 'rate'] as const;

/**
 * True for a line with the amount that the row above lacks. In centred cells, the amount stands half a line below
 * quantity and price.
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

/** A line with an amount that belongs to no row, and the number of rows above it. */
export interface LeftOut {
  readonly text: string;
  readonly amount: Found;
  readonly rowsAbove: number;
}

/** The rows read so far, and the lines that belong to none of these rows. */
interface RowsSoFar {
  readonly rows: readonly OpenRow[];
  readonly hasLowerAmounts: boolean;
  readonly leftOut: LeftOut[];
  /** How many rows stand above the last line that is their sum. */
  sumAt: number;
}

/**
 * True for a line with figures that is no item. It explains a price, or it lacks position and amount although the items
 * above have both.
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

/** Columns with a value in a line that is an item, beside its name and its amount. */
const OF_ITEMS = [...BEGINS_ROW, 'code'] as const;

/**
 * True for the sum of the rows above, and for each line after such a sum. All rows above have a quantity or a price. The
 * line has neither, and no position, code or rate.
 */
export function isSumOrLater(cells: ReadonlyMap<string, Found>, part: RowsSoFar): boolean {
  const amount = cells.get('total');
  const isItem = (row: ReadonlyMap<string, Found>): boolean => row.has('qty') || row.has('price');
  if (!amount || OF_ITEMS.some((name) => cells.has(name)) || !part.rows.every((row) => isItem(row.cells)))
    return false;
  if (part.sumAt === part.rows.length) return part.sumAt > 0;
  let sum = new Big(0);
  for (const row of [...part.rows].reverse()) {
    sum = sum.plus(row.cells.get('total')?.value ?? 0);
    if (!sum.eq(amount.value)) continue;
    part.sumAt = part.rows.length;
    return true;
  }
  return false;
}

/** Records a line with an amount, when the row above does not need that amount. */
export function noteAmount(part: RowsSoFar, { text }: TokenLine, cells: ReadonlyMap<string, Found>): void {
  const amount = cells.get('total');
  const above = part.rows.at(-1)?.cells;
  if (!amount || amount.confidence < MONEY_FIT_MIN || !above) return;
  if (above.get('total') === amount || above.get('takenOff') === amount) return;
  part.leftOut.push({ text, amount, rowsAbove: part.rows.length });
}
