import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { IdempotencyEvent } from '../../schemas/events/idempotency-events.ts';
import {
  evolveRecord,
  fingerprintOf,
  idempotencyStream,
  isIdempotencyKey,
  judgeKey,
  type IdempotencyRecord,
} from './idempotency-record.ts';

const AT = '2026-10-01T12:00:00.000Z';
const UNTIL = '2026-10-01T12:00:05.000Z';
const nowMs = Date.parse(AT);
const afterMs = Date.parse(UNTIL) + 1;
const US = '11111111-1111-4111-8111-111111111111';
const THEM = '22222222-2222-4222-8222-222222222222';
const CLAIM_ID = '33333333-3333-4333-8333-333333333333';
const fingerprint = fingerprintOf('a');
const other = fingerprintOf('b');
const claimed = (claimant: string): IdempotencyEvent => ({
  type: 'RequestClaimed',
  data: { v: 1, at: AT, claimId: CLAIM_ID, claimant, fingerprint, until: UNTIL },
});
const answered: IdempotencyEvent = {
  type: 'RequestAnswered',
  data: { v: 1, at: AT, claimId: CLAIM_ID, fingerprint, status: 202, body: {} },
};
const released: IdempotencyEvent = { type: 'RequestReleased', data: { v: 1, at: AT, claimId: CLAIM_ID } };
const after = (...events: IdempotencyEvent[]): IdempotencyRecord =>
  events.reduce(evolveRecord, { state: 'free' });

describe('what a request with an idempotency key meets', () => {
  it.each([
    ['a fresh key', after(), { fingerprint, claimant: US, nowMs }, 'carry-out'],
    ['an answer to the same', after(claimed(US), answered), { fingerprint, claimant: US, nowMs }, 'replay'],
    [
      'an answer to another',
      after(claimed(US), answered),
      { fingerprint: other, claimant: US, nowMs },
      'mismatch',
    ],
    ['another process at it', after(claimed(THEM)), { fingerprint, claimant: US, nowMs }, 'wait'],
    [
      'a process that is overdue',
      after(claimed(THEM)),
      { fingerprint, claimant: US, nowMs: afterMs },
      'take-over',
    ],
    ['what we left unfinished', after(claimed(US)), { fingerprint, claimant: US, nowMs }, 'take-over'],
    ['another request at it', after(claimed(THEM)), { fingerprint: other, claimant: US, nowMs }, 'mismatch'],
    [
      'a key given free',
      after(claimed(US), released),
      { fingerprint: other, claimant: US, nowMs },
      'carry-out',
    ],
  ] as const)('%s: %#', (_what, record, request, verdict) => {
    expect(judgeKey(record, request)).toBe(verdict);
  });

  it('never changes once there is an answer', () => {
    const event = fc.constantFrom(claimed(US), claimed(THEM), released, answered);
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const first = after(claimed(US), answered);
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
