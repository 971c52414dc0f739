import Big from 'big.js';
import { derived } from '../printed/provenance.ts';
import type { Found } from '../printed/provenance.ts';
import { isSameNumber } from '../values/numbers.ts';
import { isMeasure } from '../values/units.ts';
import { amountThatAddsUp, expectedNet } from '../found-invoice/amounts.ts';
import type { InvoiceLine } from '../found-invoice/invoice.ts';
import type { TableRow } from '../reading/open-rows.ts';
import type { ReadTable } from '../reading/table-rows.ts';

/** Turns the rows of the item table into invoice lines. */
export function lineItems(table: ReadTable): InvoiceLine[] {
  const title = table.headers[0]?.columns.find((column) => column.name === 'name')?.title ?? '';
  const isTwofold = NAME_AND_DESCRIPTION.test(title);
  const lines = table.rows.map((row, i) => withUnitInName(lineOf(row, i + 1, isTwofold)));
  return withCodesBefore(lines.map((line) => withUsualBase(line, lines)));
}

/** Titles of a column that holds the name of an item followed by its description. */
const NAME_AND_DESCRIPTION =
  /^(?:noms?|names?|nome|nombre)\s*(?:[&+/,]|et|and|und|e|y)\s*(?:d[ée]signation|descri|bezeichnung|beschreibung)/i;

/** Splits a name from its description at a dash between blanks. */
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
  return withPriceBase(
    {
      position,
      code: cell('code'),
      standardCode: cell('standardCode'),
      name: parts.name ?? cell('code'),
      description: parts.description,
      qty: cell('qty') ?? quantityFrom(cell('total'), price),
      unit: cell('unit'),
      price,
      priceBase: undefined,
      adjustment: added(cell('allowanceAmount'), cell('takenOff')),
      discount: cell('discount'),
      total: added(cell('total'), cell('takenOff')),
      rate: cell('rate'),
    },
    cell('priceBase'),
  );
}

/** A number of units in brackets at the end of a name, to which the price applies: `Brackets (3 kg)`. */
const UNITS_BEHIND = /^(.+?)\s*\((\d{1,6}(?:[.,]\d{1,3})?)\s+(\p{L}[\p{L}²³.]{0,8})\)$/u;

/**
 * Adds the number of units to which the price applies. The line must state this number, and must add up only with it.
 */
function withPriceBase(line: InvoiceLine, printed: Found | undefined): InvoiceLine {
  const [, name, number, unit] = UNITS_BEHIND.exec(line.name?.value ?? '') ?? [];
  const isOfUnit = unit !== undefined && unit.toLowerCase() === line.unit?.value.toLowerCase();
  const behind =
    line.name && number !== undefined && isOfUnit
      ? { ...line.name, value: number.replace(',', '.'), rule: `${line.name.rule}, units of the price` }
      : undefined;
  const priceBase = printed ?? behind;
  if (!priceBase || !line.price || !line.total || new Big(priceBase.value).lte(0)) return line;
  const total = new Big(line.total.value);
  const comesOut = (one: InvoiceLine): boolean => expectedNet(one).minus(total).abs().lte('0.01');
  const based = { ...line, priceBase };
  const named = behind && line.name && name !== undefined ? { name: { ...line.name, value: name } } : {};
  if (comesOut(based)) return { ...based, ...named };
  return line;
}

/** Numbers of units that prices are given for without saying so. */
const USUAL_BASES = ['10', '100'] as const;
/** Below this amount, a line adds up with another number of units by chance. */
const BASED_TOTAL_MIN = 1;

/**
 * Adds the number of units of a price that the page does not state: the amount is exactly a tenth or a hundredth of
 * quantity times price. The quantity must be a whole number without marks, and not that number of units itself. No
 * line of the same price and unit may add up for one unit. The result has a warning, since the sum proves nothing any more.
 */
function withUsualBase(line: InvoiceLine, lines: readonly InvoiceLine[]): InvoiceLine {
  const { qty, price, total } = line;
  if (line.priceBase || !qty || !price || !total || !/^\d+$/.test(qty.raw.trim())) return line;
  if (!/[.,]\d{2}(?:\d{2})?(?!\d)/.test(price.raw) || new Big(total.value).lt(BASED_TOTAL_MIN)) return line;
  if (lines.some((other) => isSoldByOne(other, line))) return line;
  const based = USUAL_BASES.filter((base) => base !== qty.value)
    .map((base) => ({ ...line, priceBase: derived(base, 'quantity × price / amount') }))
    .find((one) => expectedNet(one).minus(total.value).abs().lte('0.01'));
  return based ?? line;
}

/** True for a line with the price and the unit of another, whose amount is quantity times price. */
function isSoldByOne(one: InvoiceLine, other: InvoiceLine): boolean {
  const { price, unit, qty, total } = one;
  if (!price || !qty || !total || !other.price || unit?.value !== other.unit?.value) return false;
  if (!isSameNumber(price.value, other.price.value)) return false;
  return amountThatAddsUp(one) !== undefined || expectedNet(one).minus(total.value).abs().lte('0.01');
}

function added(amount: Found | undefined, other: Found | undefined): Found | undefined {
  return amount && other
    ? {
        ...amount,
        value: new Big(amount.value).plus(other.value).toFixed(2),
        rule: `${amount.rule}, ${other.rule}`,
      }
    : (amount ?? other);
}

/** An item number in capitals in front of the name, with a dash between them: `AX-204 - Hinge`. */
const CODE_BEFORE = /^((?=[^\s]*\d)[A-Z\d][A-Z\d./_-]{2,39})\s+[-\u2010-\u2015]\s+(.+)$/su;

/**
 * Splits the item numbers off the names. The table must have no column of codes, and every name must begin with a
 * number.
 */
function withCodesBefore(lines: readonly InvoiceLine[]): InvoiceLine[] {
  const matches = lines.map(({ code, name }) => (code ? null : CODE_BEFORE.exec(name?.value ?? '')));
  return lines.map((line, i) => {
    const [, code, name] = matches[i] ?? [];
    if (matches.includes(null) || !line.name || code === undefined || name === undefined) return line;
    return { ...line, code: { ...line.name, value: code }, name: { ...line.name, value: name } };
  });
}

/** A unit within a name, in brackets or after `per`: `Assembly (hours)`, `Diesel per litre:`. */
const UNIT_IN_NAME = /\((\p{L}{1,12})\)|(?:^|\s)(?:per|pro|je|par|por|al|pr[oó])\s+(\p{L}{1,12})\s*:?$/u;

/** Takes the unit from the name of a line when no column has it, and removes a colon at the end of the name. */
function withUnitInName(line: InvoiceLine): InvoiceLine {
  const name = line.name && { ...line.name, value: line.name.value.replace(/\s*:$/, '') };
  const match = line.unit ? null : UNIT_IN_NAME.exec(line.name?.value ?? '');
  const word = match?.[1] ?? match?.[2];
  if (!name || word === undefined || !isMeasure(word)) return { ...line, name };
  return { ...line, name, unit: { ...name, value: word, rule: `${name.rule}, unit in the name` } };
}

/** Computes the price of one piece when the column gives the price of a hundred or a thousand. */
function ofOne(price: Found | undefined, pieces: number): Found | undefined {
  return (
    price && {
      ...price,
      value: new Big(price.value).div(pieces).toString(),
      rule: `${price.rule}, of ${pieces} pieces`,
    }
  );
}

/** Computes a quantity that is not printed from the amount and the price, if it has at most three decimals. */
function quantityFrom(total: Found | undefined, price: Found | undefined): Found | undefined {
  if (!total || !price || new Big(price.value).eq(0)) return undefined;
  const quantity = new Big(total.value).div(price.value);
  const rounded = quantity.round(3);
  return quantity.minus(rounded).abs().lt('0.00001')
    ? derived(rounded.toString(), 'total / price')
    : undefined;
}
