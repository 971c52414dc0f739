import { describe, expect, it } from '@jest/globals';
import { failureOfAnswer, retryAfterMsOf } from './gateway-failure.ts';

const answer = (status: number, body = '', retryAfter?: string) => ({ status, body, retryAfter });
const now = Date.parse('2026-01-01T00:00:00Z');

describe('the classification of answers', () => {
  it.each([
    [400, 'GW_4XX', false, false],
    [401, 'GW_UNREACHABLE', true, true],
    [403, 'GW_UNREACHABLE', true, true],
    [404, 'GW_4XX', false, false],
    [408, 'GW_5XX', true, false],
    [413, 'GW_4XX', false, false],
    [422, 'GW_4XX', false, false],
    [425, 'GW_5XX', true, false],
    [429, 'GW_5XX', true, false],
    [500, 'GW_5XX', true, true],
    [503, 'GW_5XX', true, true],
    [599, 'GW_5XX', true, true],
    [204, 'GW_BAD_OUTPUT', true, true],
    [301, 'GW_BAD_OUTPUT', true, true],
    [307, 'GW_BAD_OUTPUT', true, true],
  ] as const)(
    '%d is %s, tried again: %s, against the gateway: %s [R05.01][R06.01]',
    (status, code, again, counts) => {
      const failure = failureOfAnswer(answer(status), now);
      expect(failure.code).toBe(code);
      expect(failure.retryable).toBe(again);
      expect(failure.countsAgainstGateway).toBe(counts);
    },
  );

  it("keeps the gateway's own reason and sentence", () => {
    const body = JSON.stringify({ code: 'PDF_ENCRYPTED', message: 'The PDF needs a password.' });
    const failure = failureOfAnswer(answer(422, body), now);
    expect(failure).toMatchObject({ reason: 'PDF_ENCRYPTED', message: 'The PDF needs a password.' });
  });

  it.each(['', '<html>', '{"code":"lower case","message":"x"}', '{"code":1}', '[]'])(
    'falls back to the bare status for %j',
    (body) => {
      expect(failureOfAnswer(answer(400, body), now)).toMatchObject({ reason: 'HTTP_400' });
    },
  );

  it('never lets into an event what Postgres would refuse', () => {
    const body = JSON.stringify({ code: 'NO_TEXT', message: `a\u0000b\ud800${'x'.repeat(1_500)}` });
    const { message } = failureOfAnswer(answer(422, body), now);
    expect(message).toMatch(/^a b\ufffdx+$/);
    expect(message.length).toBeLessThanOrEqual(500);
  });
});

describe('Retry-After [D15]', () => {
  it.each([
    [undefined, null],
    ['', null],
    ['soon', null],
    ['0', 0],
    ['7', 7_000],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['99999999', 24 * 60 * 60 * 1000],
  ])('%p is %p ms', (value, ms) => {
    expect(retryAfterMsOf(value, now)).toBe(ms);
  });
});
