import Big from 'big.js';
import type { TableRow } from '../reading/open-rows.ts';
import type { ReadTable } from '../reading/table-rows.ts';

/**
 * The table without rows that are parts of another: `01.01` and `01.02` beside a row `01` that comes to the same amount,
 * or that have no amounts of their own. Rows of which no other row is the sum stay.
 */
export function withoutParts(table: ReadTable): ReadTable {
  const parts = new Set(
    table.rows.flatMap((row) => {
      const own = table.rows.filter((other) => isUnder(positionOf(other), positionOf(row)));
      const nearest = own.filter((one) => !own.some((other) => isUnder(positionOf(one), positionOf(other))));
      return isSumOf(row, nearest) ? own : [];
    }),
  );
  return parts.size === 0 ? table : { ...table, rows: table.rows.filter((row) => !parts.has(row)) };
}

function positionOf(row: TableRow): string {
  return row.cells.get('pos')?.value ?? '';
}

/** `01.02` and `0102` stand under `01`; `12` does not stand under `1`. */
function isUnder(position: string, above: string): boolean {
  if (above === '' || position.length <= above.length || !position.startsWith(above)) return false;
  return position[above.length] === '.' || (above.startsWith('0') && !position.includes('.'));
}

function isSumOf(row: TableRow, parts: readonly TableRow[]): boolean {
  const total = row.cells.get('total')?.value;
  if (parts.length === 0 || total === undefined) return false;
  const amounts = parts.map((part) => new Big(part.cells.get('total')?.value ?? '0'));
  const sum = amounts.reduce((all, amount) => all.plus(amount), new Big(0));
  return sum.eq(total) || amounts.every((amount) => amount.eq(0));
}
