import Big from 'big.js';
import { derived } from '../reading/provenance.ts';
import type { Found } from '../reading/provenance.ts';
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
    qty: cell('qty') ?? quantityFrom(cell('total'), cell('price')),
    unit: cell('unit'),
    price: cell('price'),
    discount: cell('discount'),
    total: cell('total'),
    rate: cell('rate'),
  };
}

/** A quantity that is not printed, from the amount and the price, where it comes out to three decimals at most. */
function quantityFrom(total: Found | undefined, price: Found | undefined): Found | undefined {
  if (!total || !price || new Big(price.value).eq(0)) return undefined;
  const quantity = new Big(total.value).div(price.value);
  const rounded = quantity.round(3);
  return quantity.minus(rounded).abs().lt('0.00001')
    ? derived(rounded.toString(), 'total / price')
    : undefined;
}
