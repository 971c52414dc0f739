import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { IdempotencyEvent } from '../schemas/idempotency-events.ts';
import {
  evolveRecord,
  fingerprintOf,
  idempotencyStream,
  isIdempotencyKey,
  judgeKey,
  type IdempotencyRecord,
} from './idempotency-record.ts';

const at = '2026-10-01T12:00:00.000Z';
const until = '2026-10-01T12:00:05.000Z';
const nowMs = Date.parse(at);
const afterMs = Date.parse(until) + 1;
const us = '11111111-1111-4111-8111-111111111111';
const them = '22222222-2222-4222-8222-222222222222';
const claimId = '33333333-3333-4333-8333-333333333333';
const fingerprint = fingerprintOf('a');
const other = fingerprintOf('b');
const claimed = (claimant: string): IdempotencyEvent => ({
  type: 'RequestClaimed',
  data: { v: 1, at, claimId, claimant, fingerprint, until },
});
const answered: IdempotencyEvent = {
  type: 'RequestAnswered',
  data: { v: 1, at, claimId, fingerprint, status: 202, body: {} },
};
const released: IdempotencyEvent = { type: 'RequestReleased', data: { v: 1, at, claimId } };
const after = (...events: IdempotencyEvent[]): IdempotencyRecord =>
  events.reduce(evolveRecord, { state: 'free' });

describe('what a request with an idempotency key meets', () => {
  it.each([
    ['a fresh key', after(), { fingerprint, claimant: us, nowMs }, 'carry-out'],
    ['an answer to the same', after(claimed(us), answered), { fingerprint, claimant: us, nowMs }, 'replay'],
    [
      'an answer to another',
      after(claimed(us), answered),
      { fingerprint: other, claimant: us, nowMs },
      'mismatch',
    ],
    ['another process at it', after(claimed(them)), { fingerprint, claimant: us, nowMs }, 'wait'],
    [
      'a process that is overdue',
      after(claimed(them)),
      { fingerprint, claimant: us, nowMs: afterMs },
      'take-over',
    ],
    ['what we left unfinished', after(claimed(us)), { fingerprint, claimant: us, nowMs }, 'take-over'],
    ['another request at it', after(claimed(them)), { fingerprint: other, claimant: us, nowMs }, 'mismatch'],
    [
      'a key given free',
      after(claimed(us), released),
      { fingerprint: other, claimant: us, nowMs },
      'carry-out',
    ],
  ] as const)('%s: %#', (_what, record, request, verdict) => {
    expect(judgeKey(record, request)).toBe(verdict);
  });

  it('never changes once there is an answer', () => {
    const event = fc.constantFrom(claimed(us), claimed(them), released, answered);
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const first = after(claimed(us), answered);
        expect(events.reduce(evolveRecord, first)).toEqual(first);
      }),
    );
  });
});

describe('an idempotency key', () => {
  it('is 1 to 255 printable characters', () => {
    expect(isIdempotencyKey('a')).toBe(true);
    expect(isIdempotencyKey('x'.repeat(255))).toBe(true);
    for (const bad of ['', 'x'.repeat(256), 'a b', 'a\n', 'é']) expect(isIdempotencyKey(bad)).toBe(false);
  });

  it('of two owners is two streams, and no owner can spell another one’s', () => {
    expect(idempotencyStream('a', 'bc')).not.toBe(idempotencyStream('ab', 'c'));
    expect(idempotencyStream('a', 'b')).toMatch(/^idempotency-[0-9a-f]{64}$/);
  });
});
