import { decimalsOf } from './decimal.ts';
import type { Breach, Rule } from './rule.ts';
import { fatalIn } from './rule.ts';
import type { UblDocument } from './ubl-document.ts';
import { isCharge } from './ubl-document.ts';
import type { XmlElement } from './xml-tree.ts';
import { childrenOf, textAt } from './xml-tree.ts';

const decimals = fatalIn('EN 16931-1, decimals');
const DECIMALS_MAX = 2;

type Parts = (document: UblDocument) => readonly XmlElement[];

/** Makes a rule that an amount has at most two decimals. */
function twoDecimals(number: string, what: string, parts: Parts, element: string): Rule {
  return decimals(number, `There are at most two decimals in ${what}.`, (document) => {
    const found: Breach[] = [];
    for (const part of parts(document))
      for (const { text } of childrenOf(part, element))
        if (decimalsOf(text) > DECIMALS_MAX)
          found.push({ what, found: text, expected: `it may have at most ${DECIMALS_MAX} decimals` });
    return found;
  });
}

const allowances: Parts = (document) => document.allowances;
const charges: Parts = (document) => document.charges;
const totals: Parts = (document) => (document.totals ? [document.totals] : []);
const rows: Parts = (document) => document.breakdown;
const lines: Parts = (document) => document.lines;
const ofLines =
  (parts: 'allowances' | 'charges'): Parts =>
  (document) =>
    document.byName.has('cac:AllowanceCharge')
      ? document.lines
          .flatMap((line) => childrenOf(line, 'cac:AllowanceCharge'))
          .filter((each) => isCharge(each) === (parts === 'charges'))
      : [];

/** Returns the VAT totals in the currency of the document, or in the currency of its VAT accounting. */
const taxTotals =
  (currencyElement: string): Parts =>
  ({ root }) => {
    const currency = textAt(root, currencyElement);
    if (currency === undefined) return [];
    return childrenOf(root, 'cac:TaxTotal').filter((total) =>
      childrenOf(total, 'cbc:TaxAmount').some((amount) => amount.attributes['currencyID'] === currency),
    );
  };

/** BR-DEC-01 to BR-DEC-28 (fatal; EN 16931-1, decimals): no amount has more than two decimals. */
export const DECIMAL_RULES: readonly Rule[] = [
  twoDecimals('BR-DEC-01', 'the amount of a document allowance (BT-92)', allowances, 'cbc:Amount'),
  twoDecimals('BR-DEC-02', 'the base amount of a document allowance (BT-93)', allowances, 'cbc:BaseAmount'),
  twoDecimals('BR-DEC-05', 'the amount of a document charge (BT-99)', charges, 'cbc:Amount'),
  twoDecimals('BR-DEC-06', 'the base amount of a document charge (BT-100)', charges, 'cbc:BaseAmount'),
  twoDecimals('BR-DEC-09', 'the sum of the lines (BT-106)', totals, 'cbc:LineExtensionAmount'),
  twoDecimals('BR-DEC-10', 'the total of allowances (BT-107)', totals, 'cbc:AllowanceTotalAmount'),
  twoDecimals('BR-DEC-11', 'the total of charges (BT-108)', totals, 'cbc:ChargeTotalAmount'),
  twoDecimals('BR-DEC-12', 'the total without VAT (BT-109)', totals, 'cbc:TaxExclusiveAmount'),
  twoDecimals(
    'BR-DEC-13',
    'the total of the VAT (BT-110)',
    taxTotals('cbc:DocumentCurrencyCode'),
    'cbc:TaxAmount',
  ),
  twoDecimals('BR-DEC-14', 'the total with VAT (BT-112)', totals, 'cbc:TaxInclusiveAmount'),
  twoDecimals(
    'BR-DEC-15',
    'the total of the VAT in its own currency (BT-111)',
    taxTotals('cbc:TaxCurrencyCode'),
    'cbc:TaxAmount',
  ),
  twoDecimals('BR-DEC-16', 'the amount paid (BT-113)', totals, 'cbc:PrepaidAmount'),
  twoDecimals('BR-DEC-17', 'the rounding (BT-114)', totals, 'cbc:PayableRoundingAmount'),
  twoDecimals('BR-DEC-18', 'the amount due (BT-115)', totals, 'cbc:PayableAmount'),
  twoDecimals('BR-DEC-19', 'the basis of a row of the VAT breakdown (BT-116)', rows, 'cbc:TaxableAmount'),
  twoDecimals('BR-DEC-20', 'the VAT of a row of the VAT breakdown (BT-117)', rows, 'cbc:TaxAmount'),
  twoDecimals('BR-DEC-23', 'the net amount of a line (BT-131)', lines, 'cbc:LineExtensionAmount'),
  twoDecimals('BR-DEC-24', 'the allowance of a line (BT-136)', ofLines('allowances'), 'cbc:Amount'),
  twoDecimals(
    'BR-DEC-25',
    'the base of the allowance of a line (BT-137)',
    ofLines('allowances'),
    'cbc:BaseAmount',
  ),
  twoDecimals('BR-DEC-27', 'the charge of a line (BT-141)', ofLines('charges'), 'cbc:Amount'),
  twoDecimals('BR-DEC-28', 'the base of the charge of a line (BT-142)', ofLines('charges'), 'cbc:BaseAmount'),
];
