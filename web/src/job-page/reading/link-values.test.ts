import { describe, expect, it } from '@jest/globals';
import { linkValues } from './link-values.ts';
import { tokensOf } from './xml-tokens.ts';

const XML = '<?xml version="1.0"?>\n<a x="1">\n  <b>Caf&#xe9; &amp; Filhos</b>\n  <c>12.50</c><c/>\n</a>\n';

describe('the texts of a result', () => {
  it('are cut out without losing a character, their entities read', () => {
    const tokens = tokensOf(XML);
    expect(tokens.map(({ source }) => source).join('')).toBe(XML);
    expect(tokens.filter(({ kind }) => kind === 'text').map(({ text }) => text)).toEqual([
      'Café & Filhos',
      '12.50',
    ]);
  });

  it('are joined with equal values, however they are written', () => {
    const { valuesOfText, textsOfValue } = linkValues(
      ['PT501234567', '12.50', 'Widget'],
      ['501234567', '12.5', 'Other'],
    );
    expect(valuesOfText).toEqual([[0], [1], []]);
    expect(textsOfValue).toEqual([[0], [1], []]);
  });

  it('are joined one to one in order where there are as many, and with all where there are not', () => {
    expect(linkValues(['5', '5'], ['5.00', '5']).valuesOfText).toEqual([[0], [1]]);
    expect(linkValues(['5', '5', '5'], ['5.00', '5']).textsOfValue).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ]);
  });

  it('keep numbers apart that only look alike', () => {
    expect(linkValues(['0123', '1,5'], ['123', '1.5']).valuesOfText).toEqual([[], []]);
  });
});
