import { describe, expect, it } from '@jest/globals';
import { RE2JS } from 're2js';
import { linearPattern } from './linear-pattern.ts';
import { SHIPPED_MAPPINGS, loadMappings } from './registry.ts';
import { neededWords } from './needed-words.ts';

describe('the words a pattern cannot match without', () => {
  it.each([
    ['\\bfatura\\b', [['fatura']]],
    ['nota de cr[eé]dito', [['nota'], ['de'], ['cr'], ['dito']]],
    ['certificado\\s*n\\.?\\s*(\\d{1,6}) ?/ ?AT', [['certificado'], ['n'], ['at']]],
    ['(?:^|\\s)(total|valor)s?', [['total', 'valor']]],
    ['(PT\\s?50(?:[ .]?\\d{1,4}){5,11})', [['pt'], ['50']]],
    [
      '(total|valor)s? ?(EUR|€)',
      [
        ['total', 'valor'],
        ['eur', '€'],
      ],
    ],
    ['(?:(?:ab|cde)f|x+y)z', [['ab', 'cde', 'x'], ['z']]],
    ['(?:abc){0,2}d', [['d']]],
    ['(?P<name>abc)+', [['abc']]],
    ['a|b', [['a', 'b']]],
    ['a|', []],
    ['|a', []],
    ['a|\\d', []],
    ['colou?r', [['colo'], ['r']]],
    ['ab{0,3}c', [['a'], ['c']]],
    ['ab{2}c', [['ab'], ['c']]],
    ['x*', []],
    ['[abc]def', [['def']]],
    ['[]x]yz', [['yz']]],
    ['\\p{Lu}\\x{41}\\pL\\x41end', [['end']]],
    ['\\Qa.b\\E', []],
    ['(?s)abc', []],
  ])('of %s are %j', (source, words) => {
    expect(neededWords(source)).toEqual(words);
  });

  it('never hide a match', () => {
    expect(linearPattern('nota de cr[eé]dito').test('a NOTA DE CRÉDITO b')).toBe(true);
    expect(linearPattern('ATCUD\\s*:?\\s*([A-Z0-9]{8,}-\\d+)').first('atcud: ABCD1234-5')?.value).toBe(
      'ABCD1234-5',
    );
    expect(linearPattern('ab{0,3}c').test('AC')).toBe(true);
    expect(
      ['pt50', 'PT 50', 'pt\u00a050', 'xPT50'].map((text) => linearPattern('\\bPT\\s?50\\b').test(text)),
    ).toEqual([true, true, false, false]);
    expect(linearPattern('(?:s|k)um').first('\u017FUM')?.value).toBe('\u017FUM');
  });
});

describe('every pattern of the shipped mappings', () => {
  const registry = loadMappings(undefined);
  const sources = SHIPPED_MAPPINGS.map((id) => registry.get(id))
    .flatMap((mapping) => JSON.stringify(mapping).match(/"(?:[^"\\]|\\.)*"/g) ?? [])
    .map((text) => JSON.parse(text) as string)
    .filter((text) => /[\\[(?]/.test(text));
  const texts = [
    'Fatura FT 2025/17 — NOTA DE CRÉDITO, nota de débito; Contribuinte n.º 501234567 (Contrib.) IVA 23%',
    'xfatura faturas IVAs cr.dito contrib, ATCUD:JFX3KM9T-17 ATCUD JFX3KM9T',
    'IBAN: PT50 0002 0123 1234 5678 9015 4 Total (EUR) Valor € AbC/ - Processado por programa certificado n.º 12/AT',
    'Rechnung Invoice facture factura fattura credit note Gutschrift avoir \u017Fumme \u212Aonto',
    '',
  ];

  it('finds what the linear engine alone finds', () => {
    expect(sources.length).toBeGreaterThan(20);
    for (const source of sources) {
      let re: ReturnType<typeof RE2JS.compile>;
      try {
        re = RE2JS.compile(source, RE2JS.CASE_INSENSITIVE);
      } catch {
        // This is a label or a note with a bracket in it, and no pattern.
        continue;
      }
      for (const text of texts) {
        const found = re.matcher(text).find();
        expect([source, text, linearPattern(source).test(text)]).toEqual([source, text, found]);
        expect(linearPattern(source).first(text) !== undefined).toBe(found);
      }
    }
  });
});
