import { createRequire } from 'node:module';
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  EVENT_OVERHEAD_BYTES,
  readRecordedEvent,
  writeRecordedEvent,
  type EventParts,
} from './recorded-event.ts';

/** The client's own decoder: what it reads is the measure. */
const { ReadResp } = createRequire(import.meta.url)(
  '@eventstore/db-client/generated/streams_pb.js',
) as typeof import('@eventstore/db-client/generated/streams_pb.js');

const text = fc.string({ unit: 'grapheme', maxLength: 200 }).map((value) => Buffer.from(value));
const parts: fc.Arbitrary<EventParts> = fc.record({
  id: fc.uuid(),
  stream: text,
  revision: fc.oneof(fc.maxSafeNat(), fc.constant(null)),
  position: fc.maxSafeNat(),
  type: text,
  contentType: fc.constantFrom(Buffer.from('application/json'), Buffer.from('application/octet-stream')),
  createdMs: fc.integer({ min: 0, max: 4e12 }),
  customMetadata: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  content: fc.uint8Array({ maxLength: 20_000 }).map((bytes) => Buffer.from(bytes)),
});

const variableBytes = (event: EventParts): number =>
  [event.stream, event.type, event.contentType, event.customMetadata, event.content].reduce(
    (sum, { length }) => sum + length,
    0,
  );

function encode(event: EventParts): Buffer {
  const target = Buffer.alloc(variableBytes(event) + EVENT_OVERHEAD_BYTES);
  return target.subarray(0, writeRecordedEvent(target, event, 0));
}

describe('an encoded event', () => {
  it('is what the client decodes, field by field', () => {
    fc.assert(
      fc.property(parts, (event) => {
        const read = ReadResp.deserializeBinary(encode(event)).getEvent();
        const recorded = read?.getEvent();
        const metadata = recorded?.getMetadataMap();
        expect(read?.getCommitPosition()).toBe(`${event.position}`);
        expect(recorded?.getPreparePosition()).toBe(`${event.position}`);
        expect(recorded?.getCommitPosition()).toBe(`${event.position}`);
        expect(recorded?.getId()?.getString()).toBe(event.id);
        expect(recorded?.getStreamRevision()).toBe(
          event.revision === null ? '9223372036854775807' : `${event.revision}`,
        );
        expect(Buffer.from(recorded?.getStreamIdentifier()?.getStreamName_asU8() ?? [])).toEqual(
          event.stream,
        );
        expect(metadata?.get('type')).toBe(event.type.toString());
        expect(metadata?.get('content-type')).toBe(event.contentType.toString());
        expect(BigInt(metadata?.get('created') ?? 0)).toBe(BigInt(event.createdMs) * 10_000n);
        expect(Buffer.from(recorded?.getCustomMetadata_asU8() ?? [])).toEqual(event.customMetadata);
        expect(Buffer.from(recorded?.getData_asU8() ?? [])).toEqual(event.content);
      }),
      { numRuns: 200 },
    );
  });

  it('is taken apart again', () => {
    fc.assert(
      fc.property(parts, (event) => {
        const { id, stream, type, createdMs, content } = readRecordedEvent(encode(event));
        expect([id, stream, type, createdMs, content]).toEqual([
          event.id,
          event.stream,
          event.type,
          event.createdMs,
          event.content,
        ]);
      }),
    );
  });

  it('never takes more than its parts and the overhead that room is made for', () => {
    const huge: EventParts = {
      id: randomUUID(),
      stream: Buffer.alloc(4096, 'a'),
      revision: null,
      position: Number.MAX_SAFE_INTEGER,
      type: Buffer.alloc(4096, 'b'),
      contentType: Buffer.from('application/octet-stream'),
      createdMs: 4e12,
      customMetadata: Buffer.alloc(1 << 20),
      content: Buffer.alloc(16 << 20),
    };
    expect(encode(huge).length - variableBytes(huge)).toBeLessThan(EVENT_OVERHEAD_BYTES);
  });
});
