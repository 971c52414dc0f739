import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  bytesField,
  forEachField,
  MalformedMessage,
  message,
  varintBytes,
  varintField,
  writeVarint,
} from './protobuf.ts';

const fieldsOf = (bytes: Buffer): [number, number | string][] => {
  const fields: [number, number | string][] = [];
  forEachField(bytes, 0, bytes.length, (field, value, from, to) => {
    fields.push([field, from === to && to > 0 && value >= 0 ? value : bytes.toString('latin1', from, to)]);
  });
  return fields;
};

describe('protobuf', () => {
  it('varints come back as they were and take the bytes that were counted', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const bytes = Buffer.alloc(10);
        expect(writeVarint(bytes, value, 0)).toBe(varintBytes(value));
        expect(fieldsOf(varintField(3, value))).toEqual([[3, value]]);
      }),
    );
  });

  it('known bytes are those of the specification', () => {
    expect(varintField(1, 150).toString('hex')).toBe('089601');
    expect(bytesField(2, 'testing').toString('hex')).toBe('120774657374696e67');
  });

  it('fields of types it does not know are skipped', () => {
    const fixed = Buffer.from('0d01020304' + '110102030405060708', 'hex');
    expect(fieldsOf(message(fixed, varintField(2, 5)))).toEqual([[2, 5]]);
  });

  it('bytes that are no message are refused, whatever they are, and never read past their end', () => {
    for (const bad of ['08', '0a05aa', '0bff', '0d0102', 'ffffffffffffffffffffff01'])
      expect(() => fieldsOf(Buffer.from(bad, 'hex'))).toThrow(MalformedMessage);

    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          fieldsOf(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessage);
        }
      }),
    );
  });
});
