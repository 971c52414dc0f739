import { describe, expect, it } from '@jest/globals';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { choices } from '../../tests/rooms/gateway/random.ts';
import { ublSample } from '../../tests/rooms/gateway/ubl-sample.ts';
import { parseXml } from './parse-xml.ts';
import type { XmlElement } from './xml-tree.ts';

/** Reads the same tree with the library, with names as they are written. */
function byLibrary(xml: string): unknown {
  const parser = new XMLParser({
    preserveOrder: true, ignoreAttributes: false, attributeNamePrefix: '', parseTagValue: false, ignoreDeclaration: true,
  }); // prettier-ignore
  type Raw = Record<string, unknown>;
  const plain = (raw: Raw): unknown => {
    const [tag = ''] = Object.keys(raw).filter((key) => key !== ':@');
    const inner = raw[tag] as Raw[];
    const texts = inner.flatMap((node) =>
      node['#text'] === undefined ? [] : [String(node['#text'] as string)],
    );
    const children = inner.filter((node) => node['#text'] === undefined).map(plain);
    return {
      local: tag.replace(/^.*:/, ''),
      attributes: raw[':@'] ?? {},
      text: texts.join('').trim(),
      children,
    };
  };
  return plain((parser.parse(xml) as Raw[])[0] ?? {});
}

const withLocalNames = ({ name, attributes, text, children }: XmlElement): unknown => ({
  local: name.replace(/^.*[:}]/, ''), attributes: { ...attributes }, text, children: children.map(withLocalNames),
}); // prettier-ignore

describe('the XML of a result', () => {
  it('is read as the library reads it', () => {
    for (const kind of ['Invoice', 'CreditNote'] as const) {
      const xml = ublSample({ kind }).replace('Em caixa 1', 'A &amp; B &lt;1&gt; &quot;x&quot;');
      expect(withLocalNames(parseXml(xml) as XmlElement)).toEqual(byLibrary(xml));
    }
  });

  it('is refused where the library refuses it, by seeded damage to tags', () => {
    const random = choices(7);
    const good = ublSample();
    let refused = 0;
    for (let i = 0; i < 400; i += 1) {
      const at = good.indexOf('<', random.whole(60, good.length - 2));
      if (at < 0) continue;
      const bad = good.slice(0, at) + good.slice(at + random.whole(1, 3));
      const isRefused = parseXml(bad) === undefined;
      if (XMLValidator.validate(bad) !== true)
        expect({ bad: bad.slice(at - 20, at + 20), isRefused }).toEqual({
          bad: bad.slice(at - 20, at + 20),
          isRefused: true,
        });
      refused += isRefused ? 1 : 0;
    }
    expect(refused).toBeGreaterThan(300);
  });

  it.each([
    '<a><b></a></b>', '<a>', '</a>', '<a/><b/>', '<a/>x', 'x<a/>', '<a x="1" x="2"/>', '<a x=1/>', '<a>&nbsp;</a>', '<a>& b</a>',
    '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', '<a b="<"/>', '<a></a b="c">', '<![CDATA[x]]><a/>', '', '<', `${'<a>'.repeat(101)}${'</a>'.repeat(101)}`,
  ])('is not well-formed: %j', (xml) => {
    expect(parseXml(xml)).toBeUndefined();
  }); // prettier-ignore

  it('may have comments, instructions, text as it is and numbered characters', () => {
    const xml =
      "\uFEFF<?xml version='1.0'?><!-- <x> --><a b='&#65;'>1<!-- 2 --><![CDATA[<3>]]>&#x20AC;<c/></a>\n<!-- end -->";
    expect(parseXml(xml)).toEqual({
      name: '{}a',
      attributes: { b: 'A' },
      text: '1<3>€',
      children: [{ name: '{}c', attributes: {}, text: '', children: [] }],
    });
  });
});
