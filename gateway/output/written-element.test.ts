import { expect, test } from '@jest/globals';
import { choices } from '../../tests/rooms/gateway/random.ts';
import type { Choices } from '../../tests/rooms/gateway/random.ts';
import { parseXml } from '../rules/parse-xml.ts';
import { writtenElement } from './written-element.ts';
import type { XmlNode } from './xml-writer.ts';
import { writeXml } from './xml-writer.ts';

const UBL = 'urn:oasis:names:specification:ubl:schema:xsd';
const TEXTS = [
  '',
  ' \n\t',
  '  Fatura 2/3  ',
  `a & b < c > d "e" 'f'`,
  '&amp;amp; &#65;',
  'Sa\u0303o João\u00A0€',
  'ﬁne \u0000\u000B\uFFFE\uD800! \u{1D518}',
  'one\r\ntwo\tthree',
  ']]> <!-- <br/>',
] as const;
const NAMES = ['cbc:ID', 'cbc:Note', 'cac:Party', 'cac:InvoiceLine', 'ext:UBLExtensions'] as const;

function tree(from: Choices, depth: number): XmlNode {
  const attributes = { currencyID: from.pick(TEXTS), schemeID: from.pick(TEXTS) };
  const children = Array.from({ length: depth > 0 ? from.whole(0, 4) : 0 }, () => tree(from, depth - 1));
  return {
    name: from.pick(NAMES),
    ...(from.chance(0.5) ? { attributes } : {}),
    ...(from.chance(0.5) ? { text: from.pick(TEXTS) } : {}),
    ...(depth > 0 ? { children } : {}),
  };
}

test('the elements of a document that is written are those that a reader finds in it, for 500 seeded trees', () => {
  for (let seed = 1; seed <= 500; seed += 1) {
    const from = choices(seed);
    const root: XmlNode = {
      name: from.pick(['Invoice', 'CreditNote']),
      attributes: { xmlns: `${UBL}:Invoice-2` },
      namespaces: {
        cac: `${UBL}:CommonAggregateComponents-2`,
        cbc: `${UBL}:CommonBasicComponents-2`,
        ext: `${UBL}:CommonExtensionComponents-2`,
      },
      children: [tree(from, 3), tree(from, 2)],
    };
    expect(writtenElement(root)).toEqual(parseXml(writeXml(root)));
  }
});
