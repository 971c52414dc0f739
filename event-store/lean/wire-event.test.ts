import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createRequire } from 'node:module';
import { recordedEvent, type RecordedByClient } from '../client/client-event.ts';
import type { RecordedEvent } from '../event-log.ts';
import { addEvents, eventOfMessage, WireMalformed } from './wire-event.ts';

/** The client's protobuf classes and what it makes of a message; neither is exported by name. */
const require = createRequire(import.meta.url);
const { ReadResp } = require('@eventstore/db-client/generated/streams_pb') as { ReadResp: Constructor };
const { StreamIdentifier, UUID } = require('@eventstore/db-client/generated/shared_pb') as Record<
  'StreamIdentifier' | 'UUID',
  Constructor
>;
const { convertGrpcEvent } = require('@eventstore/db-client/dist/utils/convertGrpcEvent') as {
  convertGrpcEvent: (event: unknown) => { event: RecordedByClient };
};

type Message = Record<string, (...values: unknown[]) => Message> & { serializeBinary(): Uint8Array };
interface Constructor {
  new (): Message;
  readonly ReadEvent: Constructor;
  readonly RecordedEvent: Constructor;
  readonly StreamNotFound: Constructor;
}

interface Parts {
  readonly stream: string;
  readonly type: string;
  readonly contentType: string;
  readonly id: string;
  readonly revision: bigint;
  readonly position: bigint;
  readonly createdMs: number;
  readonly data: string;
  readonly metadata: string;
}

const uint64 = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const anyParts: fc.Arbitrary<Parts> = fc.record({
  stream: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }),
  type: fc.string({ unit: 'grapheme', minLength: 1 }),
  contentType: fc.constantFrom('application/json', 'application/octet-stream', ''),
  id: fc.uuid(),
  revision: uint64,
  position: uint64,
  createdMs: fc.integer({ min: 0, max: 4_102_444_800_000 }),
  data: fc.oneof(fc.json(), fc.string()),
  metadata: fc.oneof(fc.json(), fc.string()),
});

function messageOf(parts: Parts): Message {
  const identifier = new StreamIdentifier();
  identifier['setStreamName']!(Buffer.from(parts.stream));
  const id = new UUID();
  id['setString']!(parts.id);
  const recorded = new ReadResp.ReadEvent.RecordedEvent();
  recorded['setId']!(id);
  recorded['setStreamIdentifier']!(identifier);
  recorded['setStreamRevision']!(parts.revision.toString());
  recorded['setPreparePosition']!(parts.position.toString());
  recorded['setCommitPosition']!(parts.position.toString());
  const map = recorded['getMetadataMap']!();
  map['set']!('type', parts.type);
  map['set']!('created', `${parts.createdMs}1234`);
  map['set']!('content-type', parts.contentType);
  recorded['setCustomMetadata']!(Buffer.from(parts.metadata));
  recorded['setData']!(Buffer.from(parts.data));
  const event = new ReadResp.ReadEvent();
  event['setEvent']!(recorded);
  event['setCommitPosition']!(parts.position.toString());
  const response = new ReadResp();
  response['setEvent']!(event);
  return response;
}

const bytesOf = (message: Message) => Buffer.from(message.serializeBinary());

describe('an event out of the bytes of a read', () => {
  it('is what the client itself makes of them, whatever it holds', () => {
    fc.assert(
      fc.property(anyParts, (parts) => {
        const message = messageOf(parts);
        const byClient = recordedEvent(convertGrpcEvent(message['getEvent']!()).event);
        expect(eventOfMessage(bytesOf(message))).toEqual({ ...byClient, data: plain(byClient.data) });
      }),
      { numRuns: 500 },
    );
  });

  it('is none in a message that holds none: an empty one, and that there is no such stream', () => {
    expect(eventOfMessage(bytesOf(new ReadResp()))).toBeNull();
    const identifier = new StreamIdentifier();
    identifier['setStreamName']!(Buffer.from('job-none'));
    const notFound = new ReadResp.StreamNotFound();
    notFound['setStreamIdentifier']!(identifier);
    const response = new ReadResp();
    response['setStreamNotFound']!(notFound);
    expect(eventOfMessage(bytesOf(response))).toBeNull();
  });

  it('is refused when its message is cut anywhere or damaged, and never misread without end', () => {
    const anyBytes = fc.tuple(anyParts, fc.double({ min: 0, max: 0.999, noNaN: true }));
    fc.assert(
      fc.property(anyBytes, ([parts, share]) => {
        const whole = bytesOf(messageOf(parts));
        const cut = whole.subarray(0, Math.floor(whole.length * share));
        if (cut.length > 0) expect(() => eventOfMessage(cut)).toThrow(WireMalformed);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          eventOfMessage(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(WireMalformed);
        }
      }),
    );
  });
});

describe('joined events', () => {
  it('are those of the messages one after the other, and a part of them is refused or is the first ones', () => {
    const some = fc.array(anyParts, { maxLength: 5 });
    fc.assert(
      fc.property(some, fc.double({ min: 0, max: 1, noNaN: true }), (parts, share) => {
        const messages = parts.map((each) => bytesOf(messageOf(each)));
        const wanted = messages.map((each) => eventOfMessage(each)!);
        const joined = Buffer.concat(messages);
        const found: RecordedEvent[] = [];
        addEvents(joined, found);
        expect(found).toEqual(wanted);
        const cut: RecordedEvent[] = [];
        try {
          addEvents(joined.subarray(0, Math.floor(joined.length * share)), cut);
        } catch (error) {
          expect(error).toBeInstanceOf(WireMalformed);
        }
        expect(cut).toEqual(wanted.slice(0, cut.length));
      }),
    );
  });
});

/** The client gives bytes as `Buffer` or as `Uint8Array`, as they come. */
function plain(data: unknown): unknown {
  return data instanceof Uint8Array ? new Uint8Array(data) : data;
}
