import { randomUUID } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readNames, writeNames } from './stream-names.ts';
import { openVarintReader, openVarintWriter } from './varint-stream.ts';

function written(names: readonly Buffer[]): Buffer {
  const writer = openVarintWriter();
  writeNames(writer, names);
  return writer.finish();
}

/** Names that end in a UUID of any version and variant, or in nearly one, after any bytes; and any bytes. */
const digits = fc
  .array(fc.constantFrom(...'0123456789abcdef'), { minLength: 32, maxLength: 32 })
  .map((all) => all.join('').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'));
const nearly = fc
  .tuple(digits, fc.nat({ max: 35 }), fc.constantFrom('A', 'g', '-', '0', 'é'))
  .map(([text, at, other]) => text.slice(0, at) + other + text.slice(at + 1));
const name = fc.oneof(
  fc
    .tuple(fc.uint8Array({ maxLength: 6 }), fc.oneof(digits, nearly))
    .map(([prefix, text]) => Buffer.concat([prefix, Buffer.from(text)])),
  fc.oneof(digits, nearly).map((text) => Buffer.from(`job-${text}`)),
  fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
);

describe('names of streams in an index file', () => {
  it('are read as they were written, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(name, { maxLength: 40 }), (names) => {
        const reader = openVarintReader(written(names));
        const back = readNames(reader, names.length);
        expect(reader.isAtEnd()).toBe(true);
        expect(back.map((each) => each.toString('hex'))).toEqual(names.map((each) => each.toString('hex')));
      }),
      { numRuns: 2_000 },
    );
  });

  it('that end in random UUIDs cost less than 15.5 bytes each', () => {
    const names = Array.from({ length: 20_000 }, () => Buffer.from(`job-${randomUUID()}`));
    expect(deflateRawSync(written(names), { level: 1 }).length / names.length).toBeLessThan(15.5);
  });

  it('are refused as a RangeError when they are cut, or are fewer or more than was said, or have a prefix too many', () => {
    const names = [Buffer.from(`job-${randomUUID()}`), Buffer.from('$settings')];
    const whole = written(names);
    for (let length = 0; length < whole.length; length += 1)
      expect(() => readNames(openVarintReader(whole.subarray(0, length)), 2)).toThrow(RangeError);
    expect(() => readNames(openVarintReader(whole), 40)).toThrow(RangeError);
    const changed = Buffer.from(whole);
    // The shape of the first name, after the only prefix: one that was never listed.
    changed[6] = 127;
    expect(() => readNames(openVarintReader(changed), 2)).toThrow('no prefix');
  });
});
