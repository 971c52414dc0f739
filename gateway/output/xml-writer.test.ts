import { expect, test } from '@jest/globals';
import { XMLBuilder, XMLParser, XMLValidator } from 'fast-xml-parser';
import { choices } from '../../tests/rooms/gateway/random.ts';
import type { Choices } from '../../tests/rooms/gateway/random.ts';
import { writeXml } from './xml-writer.ts';
import type { XmlNode } from './xml-writer.ts';

const builder = new XMLBuilder({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  suppressEmptyNode: true,
  suppressBooleanAttributes: false,
  processEntities: true,
  format: true,
  indentBy: ' ',
});

/** Returns the same tree in the library's own form. */
function ordered(node: XmlNode): Record<string, unknown> {
  const children: unknown[] = (node.children ?? []).map(ordered);
  if (node.text !== undefined) children.push({ '#text': node.text });
  return { [node.name]: children, ...(node.attributes ? { ':@': node.attributes } : {}) };
}

const TEXTS = [
  '',
  'Fatura 2/3',
  `a & b < c > d "e" 'f'`,
  '&amp;',
  'São João',
  '1 234,56 €',
  '𝔘',
  ']]>',
  '<br/>',
];
const NAMES = ['cbc:ID', 'cac:Party', 'word', 'line', 'x', 'page-1'];

function tree(from: Choices, depth: number): XmlNode {
  const attributes = Object.fromEntries(
    NAMES.slice(0, from.whole(0, 3)).map((name) => [name, from.pick(TEXTS)]),
  );
  const inside =
    depth > 0 && from.chance(0.7)
      ? { children: Array.from({ length: from.whole(0, 4) }, () => tree(from, depth - 1)) }
      : { text: from.pick(TEXTS) };
  return { name: from.pick(NAMES), ...(from.chance(0.5) ? { attributes } : {}), ...inside };
}

test('a document is written byte for byte as fast-xml-parser writes it, for 500 seeded trees', () => {
  for (let seed = 1; seed <= 500; seed += 1) {
    const root = tree(choices(seed), 4);
    const library = String(builder.build([ordered(root)])).trim();
    expect(writeXml(root)).toBe(`<?xml version="1.0" encoding="UTF-8"?>\n${library}\n`);
  }
});

test('what is read back is what was written: markup, line breaks in attributes, nothing XML cannot carry', () => {
  const xml = writeXml({
    name: 'a',
    namespaces: { p: 'urn:p' },
    attributes: { note: 'one\ntwo\t"three"' },
    children: [{ name: 'p:b', text: `<x> & 'y'\u0000\u000B\uFFFE\uD800!` }],
  });
  expect(XMLValidator.validate(xml)).toBe(true);
  expect(xml).toContain('note="one&#10;two&#9;&quot;three&quot;"');
  const parsed: unknown = new XMLParser({ ignoreAttributes: false }).parse(xml);
  expect(parsed).toMatchObject({ a: { '@_xmlns:p': 'urn:p', 'p:b': `<x> & 'y'!` } });
});

test('a name that XML does not allow is never written', () => {
  for (const name of ['', '1a', 'a b', 'a>', 'a:b:c', 'a="1"', '-a'])
    expect(() => writeXml({ name })).toThrow(TypeError);
  expect(() => writeXml({ name: 'a', attributes: { 'x y': '1' } })).toThrow(TypeError);
});
