import { describe, expect, it } from '@jest/globals';
import { MomentText, momentOf } from './moment.ts';

describe('a moment', () => {
  it('is a position when it is digits alone', () => {
    expect(momentOf('0')).toEqual({ kind: 'position', position: 0n });
    expect(momentOf('9223372036854775807')).toEqual({ kind: 'position', position: 2n ** 63n - 1n });
  });

  it.each([
    ['2026-03-01', '2026-03-01T00:00:00.000Z'],
    ['2026-03-01T12:00', '2026-03-01T12:00:00.000Z'],
    ['2026-03-01T12:00:00Z', '2026-03-01T12:00:00.000Z'],
    ['2026-03-01T12:00:00.5+01:00', '2026-03-01T11:00:00.500Z'],
  ])('%s is the instant %s, whatever the time zone of the machine', (text, at) => {
    expect(momentOf(text)).toEqual({ kind: 'time', at });
  });

  it.each([
    '',
    '-1',
    '1e9',
    '9223372036854775808',
    'yesterday',
    '2026-13-01',
    '2026-03-01T25:00',
    '2026'.repeat(9),
  ])('refuses %p', (text) => {
    expect(momentOf(text)).toBeNull();
    expect(MomentText.safeParse(text).success).toBe(false);
  });
});
