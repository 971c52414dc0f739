import Big from 'big.js';
import { derived } from '../reading/provenance.ts';
import type { Found } from '../reading/provenance.ts';
import type { InvoiceLine } from './invoice.ts';
import type { TableRow } from '../reading/open-rows.ts';
import type { ReadTable } from '../reading/table-rows.ts';

/** The rows of the item table as invoice lines. */
export function lineItems(table: ReadTable): InvoiceLine[] {
  const title = table.headers[0]?.columns.find((column) => column.name === 'name')?.title ?? '';
  const isTwofold = NAME_AND_DESCRIPTION.test(title);
  return table.rows.map((row, i) => lineOf(row, i + 1, isTwofold));
}

/** A title of a column that holds the name of an item and then its description. */
const NAME_AND_DESCRIPTION =
  /^(?:noms?|names?|nome|nombre)\s*(?:[&+/,]|et|and|und|e|y)\s*(?:d[ée]signation|descri|bezeichnung|beschreibung)/i;

/** A name and its description, apart by a dash between blanks. */
function nameAndRest(found: Found): { name: Found; description: Found | undefined } {
  const [, name, rest] = /^(.+?)\s+[-\u2010-\u2015]\s+(.+)$/s.exec(found.value) ?? [];
  return name === undefined || rest === undefined
    ? { name: found, description: undefined }
    : { name: { ...found, value: name }, description: { ...found, value: rest } };
}

function lineOf(row: TableRow, position: number, isTwofold: boolean): InvoiceLine {
  const cell = (name: string) => row.cells.get(name);
  const printed = cell('name');
  const parts = printed && isTwofold ? nameAndRest(printed) : { name: printed, description: undefined };
  const price = cell('price') ?? ofOne(cell('pricePer100'), 100) ?? ofOne(cell('pricePer1000'), 1000);
  return {
    position,
    code: cell('code'),
    name: parts.name ?? cell('code'),
    description: parts.description,
    qty: cell('qty') ?? quantityFrom(cell('total'), price),
    unit: cell('unit'),
    price,
    discount: cell('discount'),
    total: cell('total'),
    rate: cell('rate'),
  };
}

/** The price of one where the column gives that of a hundred or a thousand. */
function ofOne(price: Found | undefined, pieces: number): Found | undefined {
  return (
    price && {
      ...price,
      value: new Big(price.value).div(pieces).toString(),
      rule: `${price.rule}, of ${pieces} pieces`,
    }
  );
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
