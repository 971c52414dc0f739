import { describe, expect, it } from '@jest/globals';
import { linearPattern, neededLetters } from './linear-pattern.ts';

describe('the letters a pattern cannot match without', () => {
  it.each([
    ['\\bfatura\\b', 'fatura'],
    ['nota de cr[eé]dito', 'nota'],
    ['certificado\\s*n\\.?\\s*(\\d{1,6}) ?/ ?AT', 'certificado'],
    ['(?:^|\\s)(total|valor)s?', ''],
    ['a|b', ''],
    ['colou?r', 'colo'],
    ['ab{0,3}c', 'a'],
    ['x*', ''],
    ['[abc]def', 'def'],
    ['[]x]yz', 'yz'],
    ['\\p{Lu}\\x{41}end', 'end'],
    ['(?:abc)', ''],
  ])('of %s are "%s"', (source, letters) => {
    expect(neededLetters(source)).toBe(letters);
  });

  it('never hide a match', () => {
    expect(linearPattern('nota de cr[eé]dito').test('a NOTA DE CRÉDITO b')).toBe(true);
    expect(linearPattern('ATCUD\\s*:?\\s*([A-Z0-9]{8,}-\\d+)').first('atcud: ABCD1234-5')?.value).toBe(
      'ABCD1234-5',
    );
    expect(linearPattern('ab{0,3}c').test('AC')).toBe(true);
  });
});
