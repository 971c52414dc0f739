import type { Rule } from './rule.ts';
import { fatalIn, missing } from './rule.ts';
import type { UblDocument } from './ubl-document.ts';
import { categoryOf } from './ubl-document.ts';
import type { XmlElement } from './xml-tree.ts';
import { firstAt, textAt } from './xml-tree.ts';

const integrity = fatalIn('EN 16931-1, integrity constraints');
const condition = fatalIn('EN 16931-1, conditions');

interface Kind {
  readonly word: 'allowance' | 'charge';
  readonly group: 'BG-20' | 'BG-21';
  readonly all: (document: UblDocument) => readonly XmlElement[];
}

const ALLOWANCE: Kind = { word: 'allowance', group: 'BG-20', all: (document) => document.allowances };
const CHARGE: Kind = { word: 'charge', group: 'BG-21', all: (document) => document.charges };

function lacks(kind: Kind, part: string, isThere: (each: XmlElement) => boolean): Rule['check'] {
  return (document) =>
    kind
      .all(document)
      .filter((each) => !isThere(each))
      .map(() => missing(`the ${part} of a document ${kind.word} (${kind.group})`));
}

const hasAmount = (each: XmlElement): boolean => firstAt(each, 'cbc:Amount') !== undefined;
const hasCategory = (each: XmlElement): boolean => categoryOf(each) !== undefined;
const hasReason = (each: XmlElement): boolean =>
  (textAt(each, 'cbc:AllowanceChargeReason') ?? textAt(each, 'cbc:AllowanceChargeReasonCode')) !== undefined;

/**
 * BR-31 to BR-33, BR-36 to BR-38 (fatal; EN 16931-1, integrity constraints), BR-CO-21, BR-CO-22 (fatal; conditions):
 * allowances and charges on the whole document. BR-34, BR-35, BR-39 and BR-40 are not in the standard's list.
 */
export const ALLOWANCE_RULES: readonly Rule[] = [
  integrity(
    'BR-31',
    'A document allowance (BG-20) has an amount (BT-92).',
    lacks(ALLOWANCE, 'amount', hasAmount),
  ),
  integrity(
    'BR-32',
    'A document allowance (BG-20) has a VAT category (BT-95).',
    lacks(ALLOWANCE, 'VAT category', hasCategory),
  ),
  integrity(
    'BR-33',
    'A document allowance (BG-20) has a reason (BT-97, BT-98).',
    lacks(ALLOWANCE, 'reason', hasReason),
  ),
  integrity('BR-36', 'A document charge (BG-21) has an amount (BT-99).', lacks(CHARGE, 'amount', hasAmount)),
  integrity(
    'BR-37',
    'A document charge (BG-21) has a VAT category (BT-102).',
    lacks(CHARGE, 'VAT category', hasCategory),
  ),
  integrity(
    'BR-38',
    'A document charge (BG-21) has a reason (BT-104, BT-105).',
    lacks(CHARGE, 'reason', hasReason),
  ),
  condition(
    'BR-CO-21',
    'A document allowance has a reason, as text or as code.',
    lacks(ALLOWANCE, 'reason', hasReason),
  ),
  condition(
    'BR-CO-22',
    'A document charge has a reason, as text or as code.',
    lacks(CHARGE, 'reason', hasReason),
  ),
];
