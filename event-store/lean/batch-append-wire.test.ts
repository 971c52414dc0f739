import { AccessDeniedError, DeadlineExceededError, UnknownError } from '@eventstore/db-client';
import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { bytesField } from '../wire/protobuf.ts';
import { readBatchMessage } from '../wire/requests.ts';
import {
  accessDenied,
  appendTooLarge,
  batchFailed,
  batchSucceeded,
  notReady,
  streamDeleted,
  timedOut,
  wrongExpectedVersion,
  type BatchError,
} from '../wire/responses.ts';
import { AppendRefused, StreamMovedOn } from '../errors.ts';
import type { EventToAppend } from '../event-log.ts';
import { decodeAnswer, encodeAppend } from './batch-append-wire.ts';

const CORRELATION = '0b0c2c1e-7a58-4c0e-8a51-00000000002a';
const STREAM = 'job-é';
const eventOf = (filler: string): EventToAppend => {
  return { id: randomUUID(), type: 'Happened', data: { filler, sign: '€' }, metadata: { by: 'test' } };
};
const sent = (events: readonly EventToAppend[], expected: bigint | 'no_stream') =>
  encodeAppend(CORRELATION, { stream: STREAM, events, expected }).map((bytes) =>
    readBatchMessage(bytes, Date.now()),
  );

describe('an append as bytes', () => {
  it('is read by the server as it was meant', () => {
    const events = [eventOf('one'), eventOf('two')];
    const [message, ...more] = sent(events, 41n);
    expect(more).toEqual([]);
    expect(message!.isFinal).toBe(true);
    expect(message!.options).toMatchObject({ expected: { kind: 'revision', revision: 41 } });
    expect(String(message!.options!.stream)).toBe(STREAM);
    for (const [index, event] of events.entries()) {
      const read = message!.events[index]!;
      expect([read.id, String(read.type), String(read.contentType)]).toEqual([
        event.id,
        'Happened',
        'application/json',
      ]);
      expect(JSON.parse(String(read.content))).toEqual(event.data);
      expect(JSON.parse(String(read.customMetadata))).toEqual(event.metadata);
    }
  });

  it('names no revision of a stream that must not exist, and a deadline that no clock of a server has passed [D28]', () => {
    const { options } = sent([eventOf('')], 'no_stream')[0]!;
    expect(options!.expected).toEqual({ kind: 'no-stream' });
    expect(options!.deadlineMs! - Date.now()).toBeGreaterThan(300 * 24 * 3_600_000);
  });

  it('is several messages when its events are large, of which the last one alone is final', () => {
    const events = Array.from({ length: 5 }, () => eventOf('x'.repeat(1_500_000)));
    const messages = sent(events, 0n);
    expect(messages.map(({ isFinal }) => isFinal)).toEqual([false, false, true]);
    expect(messages.map(({ options }) => options !== null)).toEqual([true, false, false]);
    expect(messages.flatMap((message) => message.events.map(({ id }) => id))).toEqual(
      events.map(({ id }) => id),
    );
  });
});

describe('the answer to an append', () => {
  const options = readBatchMessage(
    encodeAppend(CORRELATION, { stream: STREAM, events: [eventOf('')], expected: 3n })[0]!,
    0,
  ).options!;
  const asSent = bytesField(2, CORRELATION);
  const failed = (error: BatchError): Error => {
    const { correlation: of, outcome } = decodeAnswer(batchFailed(asSent, options, error));
    expect(of).toBe(CORRELATION);
    return typeof outcome === 'function' ? outcome(STREAM) : new Error('it was written');
  };

  it('says where the events are', () => {
    expect(decodeAnswer(batchSucceeded(asSent, options, 4, 123_456_789_012))).toEqual({
      correlation: CORRELATION,
      outcome: { revision: 4n, position: 123_456_789_012n },
    });
  });

  it('says where the stream is when the append expected it elsewhere', () => {
    expect(failed(wrongExpectedVersion(7, { kind: 'revision', revision: 3 }))).toMatchObject({
      stream: STREAM,
      actual: 7n,
    });
    const missing = failed(wrongExpectedVersion(-1, { kind: 'revision', revision: 3 }));
    expect(missing).toBeInstanceOf(StreamMovedOn);
    expect(missing).toMatchObject({ actual: null });
  });

  it('is a refusal for good, a fault of the server, or an outcome that is not known', () => {
    expect(failed(streamDeleted(options.stream))).toBeInstanceOf(AppendRefused);
    expect(failed(appendTooLarge(1_000))).toBeInstanceOf(AppendRefused);
    expect(failed(accessDenied())).toBeInstanceOf(AccessDeniedError);
    expect(failed(timedOut())).toBeInstanceOf(DeadlineExceededError);
    const starting = failed(notReady('Server Is Not Ready'));
    expect(starting).toBeInstanceOf(UnknownError);
    expect(starting.message).toContain('Server Is Not Ready');
  });
});
