import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from './canonical-json.ts';

describe('JSON in one spelling', () => {
  it('orders members by UTF-16 code units and writes numbers as ECMAScript does (RFC 8785, 3.2)', () => {
    const members = {
      '\u20ac': 1e21,
      '\r': [56, 1e-7, null],
      '\u00f6': true,
      '1': 'a"\u000f',
      '\ud83d\ude00': {},
      '\ufb33': -0,
    };
    expect(canonicalJson(members)).toBe(
      '{"\\r":[56,1e-7,null],"1":"a\\"\\u000f","\u00f6":true,"\u20ac":1e+21,"\ud83d\ude00":{},"\ufb33":0}',
    );
  });

  it('is the same for any value and for what a store gives back for it, and no two values share one', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (value, other) => {
        const stored: unknown = JSON.parse(JSON.stringify(value));
        expect(canonicalJson(stored)).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(stored);
        const isSame = isDeepStrictEqual(stored, JSON.parse(JSON.stringify(other)));
        expect(canonicalJson(value) === canonicalJson(other)).toBe(isSame);
      }),
      { examples: [[{}, []]] },
    );
  });

  it('leaves out what JSON leaves out, and refuses what JSON cannot say', () => {
    expect(canonicalJson({ a: undefined, b: [undefined] })).toBe('{"b":[null]}');
    for (const value of [NaN, 1n, undefined, () => 1]) expect(() => canonicalJson(value)).toThrow(TypeError);
  });
});
