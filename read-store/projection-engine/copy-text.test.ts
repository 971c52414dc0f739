import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { copyLineBytesMax, writeCopyLine } from './copy-text.ts';
import type { ColumnValue } from './table.ts';

/** The text format stated the short way. */
const lineOf = (values: readonly ColumnValue[]): string =>
  `${values.map((value) => (value === null ? '\\N' : String(value).replace(/[\\\t\n\r]/g, escape))).join('\t')}\n`;
const escape = (each: string): string => ({ '\t': '\\t', '\n': '\\n', '\r': '\\r' })[each] ?? `\\${each}`;

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 120 }),
  fc.constantFrom('', '\\N', '\\.', '\t', 'a\nb\rc\\', '\u0000\u007f\u0080', 'é'.repeat(81), 'x'.repeat(80)),
);
const value: fc.Arbitrary<ColumnValue> = fc.oneof(
  text,
  fc.boolean(),
  fc.constantFrom(null, 0, -0, 1e21, -1.5e-300, NaN, Number.MIN_SAFE_INTEGER, 9, 10, 99, 100),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.bigInt(),
  fc.constantFrom(0n, -1n, 2n ** 53n, 2n ** 53n - 1n, 2n ** 64n, -(10n ** 60n)),
);

it('a row is written as its values, tab by tab, within the room that was asked for it', () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 30 }), fc.nat(9), (values, at) => {
      const target = Buffer.alloc(at + copyLineBytesMax(values), '?');
      const end = writeCopyLine(target, values, at);
      expect(target.toString('utf8', at, end)).toBe(Buffer.from(lineOf(values)).toString('utf8'));
      expect(target.toString('utf8', 0, at)).toBe('?'.repeat(at));
    }),
    { numRuns: 2_000 },
  );
});
