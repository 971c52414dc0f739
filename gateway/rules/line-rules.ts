import { decimalAt } from './decimal.ts';
import type { Breach, Rule } from './rule.ts';
import { NONE_BROKEN, fatalIn, missing } from './rule.ts';
import type { UblDocument } from './ubl-document.ts';
import { categoryOf, isCharge, lineName } from './ubl-document.ts';
import type { XmlElement } from './xml-tree.ts';
import { allAt, childrenOf, firstAt, textAt } from './xml-tree.ts';

const integrity = fatalIn('EN 16931-1, integrity constraints');
const condition = fatalIn('EN 16931-1, conditions');

/** Makes a check of each line by itself. It computes the name of a line only when the line breaks the rule. */
function eachLine(look: (line: XmlElement, name: string) => readonly Breach[]): Rule['check'] {
  return (document: UblDocument) => {
    let found = NONE_BROKEN;
    for (const line of document.lines)
      if (look(line, '').length > 0) found = [...found, ...look(line, lineName(document, line))];
    return found;
  };
}

/** Returns the quantity of a line (BT-129). The name of its element depends on the kind of document. */
export function quantityOf(line: XmlElement): XmlElement | undefined {
  return firstAt(line, 'cbc:InvoicedQuantity') ?? firstAt(line, 'cbc:CreditedQuantity');
}

/** BR-21 to BR-28, BR-54, BR-64, BR-65 (fatal; EN 16931-1, integrity constraints): what each line has. */
const contents: readonly Rule[] = [
  integrity(
    'BR-21',
    'A line has an identifier (BT-126).',
    eachLine((line, name) =>
      textAt(line, 'cbc:ID') === undefined ? [missing(`the identifier of ${name} (BT-126)`)] : NONE_BROKEN,
    ),
  ),
  integrity(
    'BR-22',
    'A line has a quantity (BT-129).',
    eachLine((line, name) =>
      quantityOf(line) === undefined ? [missing(`the quantity of ${name} (BT-129)`)] : NONE_BROKEN,
    ),
  ),
  integrity(
    'BR-23',
    'The quantity of a line has a unit (BT-130).',
    eachLine((line, name) =>
      quantityOf(line)?.attributes['unitCode'] === undefined
        ? [missing(`the unit of ${name} (BT-130)`)]
        : NONE_BROKEN,
    ),
  ),
  integrity(
    'BR-24',
    'A line has a net amount (BT-131).',
    eachLine((line, name) =>
      firstAt(line, 'cbc:LineExtensionAmount') === undefined
        ? [missing(`the net amount of ${name} (BT-131)`)]
        : NONE_BROKEN,
    ),
  ),
  integrity(
    'BR-25',
    'A line names its item (BT-153).',
    eachLine((line, name) =>
      textAt(line, 'cac:Item', 'cbc:Name') === undefined
        ? [missing(`the name of the item of ${name} (BT-153)`)]
        : NONE_BROKEN,
    ),
  ),
  integrity(
    'BR-26',
    'A line has a net price (BT-146).',
    eachLine((line, name) =>
      firstAt(line, 'cac:Price', 'cbc:PriceAmount') === undefined
        ? [missing(`the price of ${name} (BT-146)`)]
        : NONE_BROKEN,
    ),
  ),
  integrity(
    'BR-27',
    'A net price (BT-146) is not negative.',
    eachLine((line, name) =>
      notNegative(`the price of ${name} (BT-146)`, line, 'cac:Price', 'cbc:PriceAmount'),
    ),
  ),
  integrity(
    'BR-28',
    'A gross price (BT-148) is not negative.',
    eachLine((line, name) =>
      allAt(line, 'cac:Price', 'cac:AllowanceCharge').flatMap((each) =>
        notNegative(`the gross price of ${name} (BT-148)`, each, 'cbc:BaseAmount'),
      ),
    ),
  ),
  integrity(
    'BR-54',
    'An attribute of an item (BG-32) has a name and a value (BT-160, BT-161).',
    eachLine((line, name) =>
      allAt(line, 'cac:Item', 'cac:AdditionalItemProperty')
        .filter((each) => textAt(each, 'cbc:Name') === undefined || textAt(each, 'cbc:Value') === undefined)
        .map(() => missing(`the name or the value of an attribute of ${name} (BT-160, BT-161)`)),
    ),
  ),
  integrity(
    'BR-64',
    'The standard identifier of an item (BT-157) names its scheme.',
    eachLine((line, name) =>
      allAt(line, 'cac:Item', 'cac:StandardItemIdentification', 'cbc:ID')
        .filter((each) => each.attributes['schemeID'] === undefined)
        .map(() => missing(`the scheme of the item identifier of ${name} (BT-157)`)),
    ),
  ),
  integrity(
    'BR-65',
    'The classification of an item (BT-158) names its list.',
    eachLine((line, name) =>
      allAt(line, 'cac:Item', 'cac:CommodityClassification', 'cbc:ItemClassificationCode')
        .filter((each) => each.attributes['listID'] === undefined)
        .map(() => missing(`the list of the item classification of ${name} (BT-158)`)),
    ),
  ),
];

function notNegative(what: string, from: XmlElement, ...path: readonly string[]): readonly Breach[] {
  const value = decimalAt(from, ...path);
  return value?.lt(0) ? [{ what, found: value.toFixed(), expected: 'it must be 0 or more' }] : NONE_BROKEN;
}

/** Returns the allowances (BG-27) or charges (BG-28) of the lines, with the name of their line. */
function onLines(document: UblDocument, kind: 'allowance' | 'charge'): { each: XmlElement; name: string }[] {
  const found: { each: XmlElement; name: string }[] = [];
  for (const line of document.lines) {
    const all = childrenOf(line, 'cac:AllowanceCharge');
    if (all.length === 0) continue;
    for (const each of all)
      if (isCharge(each) === (kind === 'charge')) found.push({ each, name: lineName(document, line) });
  }
  return found;
}

function amountGiven(kind: 'allowance' | 'charge', term: string): Rule['check'] {
  return (document) =>
    onLines(document, kind)
      .filter(({ each }) => firstAt(each, 'cbc:Amount') === undefined)
      .map(({ name }) => missing(`the amount of the ${kind} of ${name} (${term})`));
}

function reasonGiven(kind: 'allowance' | 'charge', terms: string): Rule['check'] {
  return (document) =>
    onLines(document, kind)
      .filter(
        ({ each }) =>
          (textAt(each, 'cbc:AllowanceChargeReason') ?? textAt(each, 'cbc:AllowanceChargeReasonCode')) ===
          undefined,
      )
      .map(({ name }) => missing(`the reason of the ${kind} of ${name} (${terms})`));
}

/** BR-41 to BR-44 (fatal; integrity constraints), BR-CO-04, BR-CO-23, BR-CO-24 (fatal; conditions). */
const conditions: readonly Rule[] = [
  integrity(
    'BR-41',
    'An allowance of a line (BG-27) has an amount (BT-136).',
    amountGiven('allowance', 'BT-136'),
  ),
  integrity(
    'BR-42',
    'An allowance of a line (BG-27) has a reason (BT-139, BT-140).',
    reasonGiven('allowance', 'BT-139, BT-140'),
  ),
  integrity('BR-43', 'A charge of a line (BG-28) has an amount (BT-141).', amountGiven('charge', 'BT-141')),
  integrity(
    'BR-44',
    'A charge of a line (BG-28) has a reason (BT-144, BT-145).',
    reasonGiven('charge', 'BT-144, BT-145'),
  ),
  condition(
    'BR-CO-04',
    'A line has a VAT category (BT-151).',
    eachLine((line, name) =>
      categoryOf(line) === undefined ? [missing(`the VAT category of ${name} (BT-151)`)] : NONE_BROKEN,
    ),
  ),
  condition(
    'BR-CO-23',
    'An allowance of a line has a reason, as text or as code.',
    reasonGiven('allowance', 'BT-139, BT-140'),
  ),
  condition(
    'BR-CO-24',
    'A charge of a line has a reason, as text or as code.',
    reasonGiven('charge', 'BT-144, BT-145'),
  ),
];

export const LINE_RULES: readonly Rule[] = [...contents, ...conditions];
