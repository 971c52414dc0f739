import type { InvoiceLine } from './invoice.ts';
import type { ReadTable, TableRow } from '../reading/table-rows.ts';

/** The rows of the item table as invoice lines. */
export function lineItems(table: ReadTable): InvoiceLine[] {
  return table.rows.map((row, i) => lineOf(row, i + 1));
}

function lineOf(row: TableRow, position: number): InvoiceLine {
  const cell = (name: string) => row.cells.get(name);
  return {
    position,
    code: cell('code'),
    name: cell('name') ?? cell('code'),
    qty: cell('qty'),
    unit: cell('unit'),
    price: cell('price'),
    discount: cell('discount'),
    total: cell('total'),
    rate: cell('rate'),
  };
}
