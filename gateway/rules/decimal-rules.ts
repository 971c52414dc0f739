import { decimalsOf } from './decimal.ts';
import type { Breach, Elements, Rule } from './rule.ts';
import { fatalIn } from './rule.ts';
import { chargesOfLine } from './ubl-document.ts';
import { childrenOf, textAt } from './xml-tree.ts';

const decimals = fatalIn('EN 16931-1, decimals');
const DECIMALS_MAX = 2;

const allowances: Elements = (document) => document.allowances;
const charges: Elements = (document) => document.charges;
const totals: Elements = (document) => (document.totals ? [document.totals] : []);
const rows: Elements = (document) => document.breakdown;
const lines: Elements = (document) => document.lines;
const ofLines =
  (kind: 'allowance' | 'charge'): Elements =>
  (document) =>
    document.byName.has('cac:AllowanceCharge')
      ? document.lines.flatMap((line) => chargesOfLine(line, kind))
      : [];
const lineAllowances = ofLines('allowance');
const lineCharges = ofLines('charge');

/** Returns the VAT totals in the currency of the document, or in the currency of its VAT accounting. */
const taxTotals =
  (currencyElement: string): Elements =>
  ({ root }) => {
    const currency = textAt(root, currencyElement);
    if (currency === undefined) return [];
    return childrenOf(root, 'cac:TaxTotal').filter((total) =>
      childrenOf(total, 'cbc:TaxAmount').some((amount) => amount.attributes['currencyID'] === currency),
    );
  };

/** The amounts: for each, the number of its rule, its name, the elements that contain it, and its own element. */
// prettier-ignore
const AMOUNTS: readonly (readonly [number: string, what: string, parts: Elements, element: string])[] = [
  ['BR-DEC-01', 'the amount of a document allowance (BT-92)', allowances, 'cbc:Amount'],
  ['BR-DEC-02', 'the base amount of a document allowance (BT-93)', allowances, 'cbc:BaseAmount'],
  ['BR-DEC-05', 'the amount of a document charge (BT-99)', charges, 'cbc:Amount'],
  ['BR-DEC-06', 'the base amount of a document charge (BT-100)', charges, 'cbc:BaseAmount'],
  ['BR-DEC-09', 'the sum of the lines (BT-106)', totals, 'cbc:LineExtensionAmount'],
  ['BR-DEC-10', 'the total of allowances (BT-107)', totals, 'cbc:AllowanceTotalAmount'],
  ['BR-DEC-11', 'the total of charges (BT-108)', totals, 'cbc:ChargeTotalAmount'],
  ['BR-DEC-12', 'the total without VAT (BT-109)', totals, 'cbc:TaxExclusiveAmount'],
  ['BR-DEC-13', 'the total of the VAT (BT-110)', taxTotals('cbc:DocumentCurrencyCode'), 'cbc:TaxAmount'],
  ['BR-DEC-14', 'the total with VAT (BT-112)', totals, 'cbc:TaxInclusiveAmount'],
  ['BR-DEC-15', 'the total of the VAT in its own currency (BT-111)', taxTotals('cbc:TaxCurrencyCode'), 'cbc:TaxAmount'],
  ['BR-DEC-16', 'the amount paid (BT-113)', totals, 'cbc:PrepaidAmount'],
  ['BR-DEC-17', 'the rounding (BT-114)', totals, 'cbc:PayableRoundingAmount'],
  ['BR-DEC-18', 'the amount due (BT-115)', totals, 'cbc:PayableAmount'],
  ['BR-DEC-19', 'the basis of a row of the VAT breakdown (BT-116)', rows, 'cbc:TaxableAmount'],
  ['BR-DEC-20', 'the VAT of a row of the VAT breakdown (BT-117)', rows, 'cbc:TaxAmount'],
  ['BR-DEC-23', 'the net amount of a line (BT-131)', lines, 'cbc:LineExtensionAmount'],
  ['BR-DEC-24', 'the allowance of a line (BT-136)', lineAllowances, 'cbc:Amount'],
  ['BR-DEC-25', 'the base of the allowance of a line (BT-137)', lineAllowances, 'cbc:BaseAmount'],
  ['BR-DEC-27', 'the charge of a line (BT-141)', lineCharges, 'cbc:Amount'],
  ['BR-DEC-28', 'the base of the charge of a line (BT-142)', lineCharges, 'cbc:BaseAmount'],
];

/** BR-DEC-01 to BR-DEC-28 (fatal; EN 16931-1, decimals): no amount has more than two decimals. */
export const DECIMAL_RULES: readonly Rule[] = AMOUNTS.map(([number, what, parts, element]) =>
  decimals(number, `There are at most two decimals in ${what}.`, (document) => {
    const found: Breach[] = [];
    for (const part of parts(document))
      for (const { text } of childrenOf(part, element))
        if (decimalsOf(text) > DECIMALS_MAX)
          found.push({ what, found: text, expected: `it may have at most ${DECIMALS_MAX} decimals` });
    return found;
  }),
);
