import Big from 'big.js';
import type { TableRow } from '../reading/open-rows.ts';
import type { ReadTable } from '../reading/table-rows.ts';

/**
 * Removes rows so that each amount counts once. A row `01` is removed when it is the sum of `01.01` and `01.02`. Rows
 * `01.01` and `01.02` are removed when they have no amounts and only describe the contents of `01`.
 */
export function withoutSums(table: ReadTable): ReadTable {
  if (!table.rows.some((row) => row.cells.has('pos'))) return table;
  const left = new Set(
    table.rows.flatMap((row) => {
      const own = table.rows.filter((other) => isUnder(positionOf(other), positionOf(row)));
      const nearest = own.filter((one) => !own.some((other) => isUnder(positionOf(one), positionOf(other))));
      if (nearest.length === 0 || !row.cells.has('total')) return [];
      if (own.every((one) => totalOf(one).eq(0))) return own;
      return nearest.reduce((sum, one) => sum.plus(totalOf(one)), new Big(0)).eq(totalOf(row)) ? [row] : [];
    }),
  );
  return left.size === 0 ? table : { ...table, rows: table.rows.filter((row) => !left.has(row)) };
}

function positionOf(row: TableRow): string {
  return row.cells.get('pos')?.value ?? '';
}

/** True for `01.02` and `0102` under `01`; false for `12` under `1`. */
function isUnder(position: string, above: string): boolean {
  if (above === '' || position.length <= above.length || !position.startsWith(above)) return false;
  return position[above.length] === '.' || (above.startsWith('0') && !position.includes('.'));
}

function totalOf(row: TableRow): Big {
  return new Big(row.cells.get('total')?.value ?? '0');
}
