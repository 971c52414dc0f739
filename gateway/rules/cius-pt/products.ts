import Big from 'big.js';
import { decimalAt, ZERO } from '../decimal.ts';
import type { Breach, Rule } from '../rule.ts';
import { fatalIn } from '../rule.ts';
import type { UblDocument } from '../ubl-document.ts';
import { isCharge, lineName } from '../ubl-document.ts';
import type { XmlElement } from '../xml-tree.ts';
import { childrenOf, firstAt } from '../xml-tree.ts';

const rule = fatalIn('eSPap, CIUS-PT 2.1.1');

/** The specification accepts amounts within one euro of their product. */
const TOLERANCE = new Big(1);

const isNear = (one: Big, other: Big): boolean => one.minus(other).abs().lte(TOLERANCE);

/**
 * Returns quantity times price for one unit of the base quantity, with the allowances and charges of the line
 * (DT-CIUS-PT-157).
 */
function productOf(line: XmlElement): Big | undefined {
  const quantity = decimalAt(line, 'cbc:InvoicedQuantity') ?? decimalAt(line, 'cbc:CreditedQuantity');
  const price = decimalAt(line, 'cac:Price', 'cbc:PriceAmount');
  const base = decimalAt(line, 'cac:Price', 'cbc:BaseQuantity');
  if (quantity === undefined || price === undefined) return undefined;
  const gross = quantity.times(price).div(base === undefined || base.eq(0) ? 1 : base);
  return childrenOf(line, 'cac:AllowanceCharge').reduce((sum, each) => {
    const amount = decimalAt(each, 'cbc:Amount') ?? ZERO;
    return isCharge(each) === true ? sum.plus(amount) : sum.minus(amount);
  }, gross);
}

/** A base amount needs a percentage and a percentage needs a base amount. Their product is the amount. */
function brokenProduct(each: XmlElement, what: string): Breach[] {
  const base = decimalAt(each, 'cbc:BaseAmount');
  const percent = decimalAt(each, 'cbc:MultiplierFactorNumeric');
  if (base === undefined && percent === undefined) return [];
  if (base === undefined || percent === undefined)
    return [
      {
        what: `the ${base === undefined ? 'base' : 'percentage'} of ${what}`,
        found: undefined,
        expected: 'base and percentage go together',
      },
    ];
  const amount = decimalAt(each, 'cbc:Amount') ?? ZERO;
  const product = base.times(percent).div(100);
  return isNear(product, amount)
    ? []
    : [{ what, found: amount.toFixed(2), expected: `base and percentage come to ${product.toFixed(2)}` }];
}

function onDocument(number: string, parts: 'allowances' | 'charges', what: string): Rule {
  return rule(number, `The percentage of a base is ${what}.`, (document) =>
    document[parts].flatMap((each) => brokenProduct(each, what)),
  );
}

function onLines(number: string, parts: 'allowances' | 'charges', what: string): Rule {
  return rule(number, `The percentage of a base is ${what}.`, ({ lines }) =>
    lines
      .flatMap((line) => childrenOf(line, 'cac:AllowanceCharge'))
      .filter((each) => isCharge(each) === (parts === 'charges'))
      .flatMap((each) => brokenProduct(each, what)),
  );
}

function brokenLines(document: UblDocument): Breach[] {
  return document.lines.flatMap((line) => {
    const product = productOf(line);
    const net = decimalAt(line, 'cbc:LineExtensionAmount');
    if (product === undefined || net === undefined || isNear(product, net)) return [];
    const what = `the net amount (BT-131) of ${lineName(document, line)}`;
    return [{ what, found: net.toFixed(), expected: `quantity and price come to ${product.toFixed(2)}` }];
  });
}

/** Checks prices after their discount (DT-CIUS-PT-170). */
function brokenPrices(document: UblDocument): Breach[] {
  return document.lines.flatMap((line) => {
    const price = decimalAt(line, 'cac:Price', 'cbc:PriceAmount');
    const discount = firstAt(line, 'cac:Price', 'cac:AllowanceCharge');
    const gross = decimalAt(discount, 'cbc:BaseAmount');
    const less = decimalAt(discount, 'cbc:Amount');
    if (price === undefined || gross === undefined || less === undefined) return [];
    const net = gross.minus(less);
    const what = `the price (BT-146) of ${lineName(document, line)}`;
    return isNear(net, price)
      ? []
      : [{ what, found: price.toFixed(), expected: `gross price and discount come to ${net.toFixed()}` }];
  });
}

function brokenBases(document: UblDocument): Breach[] {
  return document.lines.flatMap((line) => {
    const base = decimalAt(line, 'cac:Price', 'cbc:BaseQuantity');
    if (base === undefined || base.gt(0)) return [];
    const what = `the base quantity (BT-149) of ${lineName(document, line)}`;
    return [{ what, found: base.toFixed(), expected: 'it must be above 0' }];
  });
}

/**
 * The specification's rules on products (`DT-CIUS-PT-157` and following). The rules of EN 16931 check sums more
 * exactly.
 */
export const CIUS_PT_PRODUCTS: readonly Rule[] = [
  rule('DT-CIUS-PT-157', 'Quantity and price of a line come to its net amount, within 1.00.', brokenLines),
  onDocument('DT-CIUS-PT-158', 'allowances', 'the amount of an allowance (BT-92)'),
  onDocument('DT-CIUS-PT-159', 'charges', 'the amount of a charge (BT-99)'),
  onLines('DT-CIUS-PT-168', 'allowances', 'the allowance of a line (BT-136)'),
  onLines('DT-CIUS-PT-169', 'charges', 'the charge of a line (BT-141)'),
  rule('DT-CIUS-PT-170', 'Gross price and discount come to the price, within 1.00.', brokenPrices),
  rule('DT-CIUS-PT-177', 'The base quantity of a price is above 0.', brokenBases),
];
