import type { Elements, Rule } from './rule.ts';
import { fatalIn, lacking } from './rule.ts';
import { categoryOf, reasonOf } from './ubl-document.ts';
import { firstIn } from './xml-tree.ts';

const integrity = fatalIn('EN 16931-1, integrity constraints');
const condition = fatalIn('EN 16931-1, conditions');

const allowances: Elements = (document) => document.allowances;
const charges: Elements = (document) => document.charges;
const amount = firstIn('cbc:Amount');

/**
 * BR-31 to BR-33, BR-36 to BR-38 (fatal; EN 16931-1, integrity constraints), BR-CO-21, BR-CO-22 (fatal; conditions):
 * allowances and charges on the whole document. BR-34, BR-35, BR-39 and BR-40 are not in the standard's list.
 */
// prettier-ignore
export const ALLOWANCE_RULES: readonly Rule[] = [
  integrity('BR-31', 'A document allowance (BG-20) has an amount (BT-92).',
    lacking(allowances, amount, 'the amount of a document allowance (BG-20)')),
  integrity('BR-32', 'A document allowance (BG-20) has a VAT category (BT-95).',
    lacking(allowances, categoryOf, 'the VAT category of a document allowance (BG-20)')),
  integrity('BR-33', 'A document allowance (BG-20) has a reason (BT-97, BT-98).',
    lacking(allowances, reasonOf, 'the reason of a document allowance (BG-20)')),
  integrity('BR-36', 'A document charge (BG-21) has an amount (BT-99).',
    lacking(charges, amount, 'the amount of a document charge (BG-21)')),
  integrity('BR-37', 'A document charge (BG-21) has a VAT category (BT-102).',
    lacking(charges, categoryOf, 'the VAT category of a document charge (BG-21)')),
  integrity('BR-38', 'A document charge (BG-21) has a reason (BT-104, BT-105).',
    lacking(charges, reasonOf, 'the reason of a document charge (BG-21)')),
  condition('BR-CO-21', 'A document allowance has a reason, as text or as code.',
    lacking(allowances, reasonOf, 'the reason of a document allowance (BG-20)')),
  condition('BR-CO-22', 'A document charge has a reason, as text or as code.',
    lacking(charges, reasonOf, 'the reason of a document charge (BG-21)')),
];
