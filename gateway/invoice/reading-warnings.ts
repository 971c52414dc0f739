import Big from 'big.js';
import type { GatewayWarning } from '../../schemas/protocols/gateway-protocol.ts';
import { amountThatAddsUp, expectedNet, roundingOf } from '../found-invoice/amounts.ts';
import type { InvoiceLine } from '../found-invoice/invoice.ts';
import type { Candidate } from '../reading/candidates.ts';
import type { Found } from '../printed/provenance.ts';
import type { ReadTable } from '../reading/table-rows.ts';
import { isUnknownUnit } from '../values/units.ts';

/**
 * Warns that the document's number may be longer than the number that was read. It warns when more words follow the
 * number at every place where the page prints the number.
 */
export function numberWarnings(
  number: Found | undefined,
  candidates: readonly Candidate[],
): GatewayWarning[] {
  const same = candidates.filter(({ value }) => value === number?.value);
  const [first] = same;
  if (!number || !first || same.some(({ followingWords }) => followingWords === undefined)) return [];
  return [
    {
      code: 'NUMBER_GOES_ON',
      message: `The invoice number (BT-1) is read as “${number.value}”; “${first.followingWords}” follows it directly and may be part of it.`,
    },
  ];
}

/**
 * Warns about four kinds of lines. The unit is unknown and was written as "one" (`C62`). The cell of an amount or of a
 * code holds other text. The price is not printed, so it was computed from the amount, which may include an allowance.
 * The quantity is not printed, so the amount proves neither the price nor the quantity. A quantity of one has no warning.
 */
export function lineWarnings(lines: readonly InvoiceLine[]): GatewayWarning[] {
  return lines.flatMap(({ position, unit, code, qty, price, total, discount }) => [
    ...(qty && total && !price && !new Big(qty.value).eq(1)
      ? [
          {
            code: 'PRICE_WORKED_OUT',
            message: `The price of line ${position} is not printed; it was computed from the amount and the quantity.`,
          },
        ]
      : []),
    ...(qty?.page === 0 && !new Big(qty.value).eq(1)
      ? [
          {
            code: 'QUANTITY_WORKED_OUT',
            message: `The quantity of line ${position} is not printed; ${qty.value} was computed from the amount and the price.`,
          },
        ]
      : []),
    ...(unit && isUnknownUnit(unit.value)
      ? [
          {
            code: 'UNIT_UNKNOWN',
            message: `The unit “${unit.value}” of line ${position} is unknown; it was written as “one” (C62).`,
          },
        ]
      : []),
    ...[code, price, total, discount].flatMap((found) =>
      found?.leftOver === undefined
        ? []
        : [
            {
              code: 'CELL_TEXT',
              message: `The cell of ${found.value} in line ${position} says “${found.leftOver}” as well, which was left out.`,
            },
          ],
    ),
  ]);
}

/** Warns about another date at a label of due dates, which the page does not call the date of a discount. */
export function dueDateWarnings(
  due: Found | undefined,
  issue: Found | undefined,
  candidates: readonly Candidate[],
): GatewayWarning[] {
  if (!due) return [];
  // A line with several dates states the terms of one payment, and the last of them is due.
  const own = new Set(candidates.filter(({ value }) => value === due.value).map(({ line }) => line));
  const other = candidates.find(
    ({ value, score, line }) =>
      value !== due.value && !own.has(line) && score >= SECOND_DATE_MIN && value > (issue?.value ?? ''),
  );
  if (!other) return [];
  return [
    {
      code: 'DUE_DATES',
      message: `The due date (BT-9) is read as ${due.value}; the page says ${other.value} at a label of due dates as well (“${other.raw}”).`,
    },
  ];
}

/** A date with a lower score stands too far from its label. */
const SECOND_DATE_MIN = 0.5;

/** Warns about prices that were taken as prices of several units, because only then the amount of the line holds. */
export function baseWarnings(lines: readonly InvoiceLine[]): GatewayWarning[] {
  return lines.flatMap(({ position, price, priceBase, qty, total }) =>
    price && qty && total && priceBase?.page === 0
      ? [
          {
            code: 'PRICE_BASE_DERIVED',
            message: `The price of line ${position} was taken as the price of ${priceBase.value} units, which the page does not say: ${qty.value} × ${price.value} is ${new Big(qty.value).times(price.value).toFixed(2)}, but the amount is ${new Big(total.value).toFixed(2)}.`,
          },
        ]
      : [],
  );
}

/** Warns about prices that are printed with too few decimals: price times quantity does not give the amount. */
export function priceWarnings(lines: readonly InvoiceLine[]): GatewayWarning[] {
  return lines.flatMap((line) => {
    const { position, price, qty, total } = line;
    if (!price || !qty || !total || amountThatAddsUp(line) !== undefined) return [];
    const expected = expectedNet(line).round(2, Big.roundHalfUp);
    if (expected.eq(total.value) || expected.minus(total.value).abs().gt(roundingOf(line))) return [];
    return [
      {
        code: 'PRICE_ROUNDED',
        message: `The price of line ${position} is printed as ${price.value} and may have more decimals: multiplied by the quantity it gives ${expected.toFixed(2)}, but the amount is ${new Big(total.value).toFixed(2)}.`,
      },
    ];
  });
}

/** The warning quotes at most this many rows. */
const NAMED_MAX = 3;

/**
 * Warns about lines between the items that have an amount but were not read as items. Lines that are the sum of the
 * items above them do not count.
 */
export function rowWarnings({ rows, leftOut }: ReadTable): GatewayWarning[] {
  const lost = leftOut.filter(({ amount, rowsAbove }) => {
    let sum = new Big(0);
    for (let at = rowsAbove - 1; at >= 0; at -= 1) {
      sum = sum.plus(rows[at]?.cells.get('total')?.value ?? 0);
      if (sum.eq(amount.value)) return false;
    }
    return true;
  });
  if (lost.length === 0) return [];
  const named = lost.slice(0, NAMED_MAX).map(({ text }) => `“${text}”`);
  return [
    {
      code: 'ROWS_LEFT_OUT',
      message: `${lost.length} rows of the item table with an amount belong to no item and were left out: ${named.join(', ')}${lost.length > NAMED_MAX ? ' and others' : ''}.`,
    },
  ];
}

/** A name and its description with one colon between them: `Design (hours): of a brochure`. */
const NAME_AND_COLON = /^[^:]+:[^:]*$/su;

/** Warns about names that begin with a remark, and about names that may end at their colon. */
export function nameWarnings(lines: readonly InvoiceLine[]): GatewayWarning[] {
  return [...remarkWarnings(lines), ...colonWarnings(lines)];
}

/** A period or the mark of a list at the start of a name. The name itself then stands on a line that was not read. */
const REMARK =
  /^(?:[*\u2022]\s|(?:p[ée]r[ií]ode?o?|\p{L}*zeitraum|billing period|service period)\b(?=.*\d))/iu;

function remarkWarnings(lines: readonly InvoiceLine[]): GatewayWarning[] {
  return lines.flatMap(({ position, name }) =>
    name && REMARK.test(name.value)
      ? [
          {
            code: 'LINE_NAME',
            message: `The name of line ${position} begins with a remark and may lack its first line: “${name.value}”.`,
          },
        ]
      : [],
  );
}

/**
 * Warns about names that may end at their colon. All names have a colon, and one of them has nothing after it. Then a
 * program probably joined name and description. Some sellers use both as the name, so the reader does not split them.
 */
function colonWarnings(lines: readonly InvoiceLine[]): GatewayWarning[] {
  const names = lines.map(({ name }) => name?.raw.trim() ?? '');
  if (!names.every((name) => NAME_AND_COLON.test(name)) || !names.some((name) => name.endsWith(':')))
    return [];
  return lines.flatMap(({ position }, i) =>
    names[i]?.endsWith(':')
      ? []
      : [{ code: 'LINE_NAME', message: `The name of line ${position} may end at its colon: “${names[i]}”.` }],
  );
}
