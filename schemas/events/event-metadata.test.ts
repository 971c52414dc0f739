import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EventMetadata, isEventMetadata } from './event-metadata.ts';

const GOOD = {
  correlationId: 'request-1',
  causationId: 'command-1',
  actor: 'owner:1',
  schemaVersion: 2,
  previousHash: 'a'.repeat(64),
  hash: '0123456789abcdef'.repeat(4),
};
const long = (units: number) => fc.string({ unit: 'binary', minLength: units, maxLength: units });
const anyValue = fc.oneof(
  fc.boolean(),
  fc.constantFrom(undefined, null, '', 'x', 0, 1, -1, 1.5, 2 ** 53, '1', [], {}, NaN, Infinity, 5n),
  fc.constantFrom('a'.repeat(64), 'a'.repeat(63), 'a'.repeat(65), 'A'.repeat(64), `${'a'.repeat(64)}\n`),
  ...[1, 63, 64, 65, 119, 120, 121].map(long),
);

it('the quick check of metadata accepts exactly what the schema accepts', () => {
  let accepted = 0;
  const changed = fc.tuple(fc.constantFrom(...Object.keys(GOOD), 'unknown'), anyValue);
  const missing = fc.subarray(Object.keys(GOOD), { maxLength: 2 });
  fc.assert(
    fc.property(fc.array(changed, { maxLength: 2 }), missing, (changes, left) => {
      const some = Object.entries(GOOD).filter(([name]) => !left.includes(name));
      const metadata = Object.fromEntries([...some, ...changes]);
      const wanted = EventMetadata.safeParse(metadata).success;
      if (wanted) accepted += 1;
      expect([metadata, isEventMetadata(metadata)]).toEqual([metadata, wanted]);
    }),
    { numRuns: 5_000 },
  );
  expect(accepted).toBeGreaterThan(500);
});

it('only an object is metadata', () => {
  for (const value of [undefined, null, 'text', 5, true, [], [GOOD], new Map(), () => GOOD])
    expect(isEventMetadata(value)).toBe(EventMetadata.safeParse(value).success);
});
