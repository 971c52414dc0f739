import { decimalAt } from './decimal.ts';
import type { Rule } from './rule.ts';
import { NONE_BROKEN, fatalIn, isAbsent, missing } from './rule.ts';
import type { UblDocument } from './ubl-document.ts';
import { categoryOf, chargesOfLine, lineName, quantityOf, reasonOf } from './ubl-document.ts';
import type { XmlElement } from './xml-tree.ts';
import { allIn, firstIn, textIn } from './xml-tree.ts';

const integrity = fatalIn('EN 16931-1, integrity constraints');
const condition = fatalIn('EN 16931-1, conditions');

type Parts = (line: XmlElement) => readonly XmlElement[];

/** Puts the name of a line in the place of `#`. */
const named = (what: string, document: UblDocument, line: XmlElement): string =>
  what.replace('#', () => lineName(document, line));

/** Makes the check that certain parts of each line have a value. In `what`, `#` stands for the name of the line. */
function lineHas(parts: Parts, has: (part: XmlElement) => unknown, what: string): Rule['check'] {
  return (document) => {
    let found = NONE_BROKEN;
    for (const line of document.lines)
      for (const part of parts(line))
        if (isAbsent(has(part))) found = [...found, missing(named(what, document, line))];
    return found;
  };
}

/** Makes the check that an amount of some parts of a line is not negative. */
function notNegative(parts: Parts, path: string, what: string): Rule['check'] {
  const amountOf = firstIn(path);
  const expected = 'it must be 0 or more';
  return (document) => {
    let found = NONE_BROKEN;
    for (const line of document.lines)
      for (const part of parts(line)) {
        const value = decimalAt(amountOf(part));
        if (value?.lt(0))
          found = [...found, { what: named(what, document, line), found: value.toFixed(), expected }];
      }
    return found;
  };
}

const self: Parts = (line) => [line];
const allowances: Parts = (line) => chargesOfLine(line, 'allowance');
const charges: Parts = (line) => chargesOfLine(line, 'charge');
const amount = firstIn('cbc:Amount');

const nameOf = textIn('cbc:Name');
const valueOf = textIn('cbc:Value');
const namesValue = (attribute: XmlElement): boolean =>
  nameOf(attribute) !== undefined && valueOf(attribute) !== undefined;

/**
 * BR-21 to BR-28, BR-41 to BR-44, BR-54, BR-64, BR-65 (fatal; EN 16931-1, integrity constraints), BR-CO-04, BR-CO-23,
 * BR-CO-24 (fatal; conditions): the required parts of each line.
 */
// prettier-ignore
export const LINE_RULES: readonly Rule[] = [
  integrity('BR-21', 'A line has an identifier (BT-126).',
    lineHas(self, textIn('cbc:ID'), 'the identifier of # (BT-126)')),
  integrity('BR-22', 'A line has a quantity (BT-129).',
    lineHas(self, quantityOf, 'the quantity of # (BT-129)')),
  integrity('BR-23', 'The quantity of a line has a unit (BT-130).',
    lineHas(self, (line) => quantityOf(line)?.attributes['unitCode'], 'the unit of # (BT-130)')),
  integrity('BR-24', 'A line has a net amount (BT-131).',
    lineHas(self, firstIn('cbc:LineExtensionAmount'), 'the net amount of # (BT-131)')),
  integrity('BR-25', 'A line names its item (BT-153).',
    lineHas(self, textIn('cac:Item/cbc:Name'), 'the name of the item of # (BT-153)')),
  integrity('BR-26', 'A line has a net price (BT-146).',
    lineHas(self, firstIn('cac:Price/cbc:PriceAmount'), 'the price of # (BT-146)')),
  integrity('BR-27', 'A net price (BT-146) is not negative.',
    notNegative(self, 'cac:Price/cbc:PriceAmount', 'the price of # (BT-146)')),
  integrity('BR-28', 'A gross price (BT-148) is not negative.',
    notNegative(allIn('cac:Price/cac:AllowanceCharge'), 'cbc:BaseAmount', 'the gross price of # (BT-148)')),
  integrity('BR-54', 'An attribute of an item (BG-32) has a name and a value (BT-160, BT-161).',
    lineHas(allIn('cac:Item/cac:AdditionalItemProperty'), namesValue,
      'the name or the value of an attribute of # (BT-160, BT-161)')),
  integrity('BR-64', 'The standard identifier of an item (BT-157) names its scheme.',
    lineHas(allIn('cac:Item/cac:StandardItemIdentification/cbc:ID'), (id) => id.attributes['schemeID'],
      'the scheme of the item identifier of # (BT-157)')),
  integrity('BR-65', 'The classification of an item (BT-158) names its list.',
    lineHas(allIn('cac:Item/cac:CommodityClassification/cbc:ItemClassificationCode'),
      (code) => code.attributes['listID'], 'the list of the item classification of # (BT-158)')),
  integrity('BR-41', 'An allowance of a line (BG-27) has an amount (BT-136).',
    lineHas(allowances, amount, 'the amount of the allowance of # (BT-136)')),
  integrity('BR-42', 'An allowance of a line (BG-27) has a reason (BT-139, BT-140).',
    lineHas(allowances, reasonOf, 'the reason of the allowance of # (BT-139, BT-140)')),
  integrity('BR-43', 'A charge of a line (BG-28) has an amount (BT-141).',
    lineHas(charges, amount, 'the amount of the charge of # (BT-141)')),
  integrity('BR-44', 'A charge of a line (BG-28) has a reason (BT-144, BT-145).',
    lineHas(charges, reasonOf, 'the reason of the charge of # (BT-144, BT-145)')),
  condition('BR-CO-04', 'A line has a VAT category (BT-151).',
    lineHas(self, categoryOf, 'the VAT category of # (BT-151)')),
  condition('BR-CO-23', 'An allowance of a line has a reason, as text or as code.',
    lineHas(allowances, reasonOf, 'the reason of the allowance of # (BT-139, BT-140)')),
  condition('BR-CO-24', 'A charge of a line has a reason, as text or as code.',
    lineHas(charges, reasonOf, 'the reason of the charge of # (BT-144, BT-145)')),
];
