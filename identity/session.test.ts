import { describe, expect, it } from '@jest/globals';
import { OwnerId } from '../schemas/ids.ts';
import {
  COOKIE_MAX_AGE_SEC,
  cookieValue,
  newOwner,
  readSession,
  sealSession,
  setCookieLine,
} from './session-cookie.ts';
import { keysFor } from './signing-keys.ts';

const now = Date.parse('2026-10-01T12:00:00Z');
const DAY_MS = 24 * 3600 * 1000;
const older = keysFor(['an older secret of at least 32 characters'], 'session');
const keys = keysFor(
  ['a newer secret of at least 32 characters', 'an older secret of at least 32 characters'],
  'session',
);

describe('a session cookie', () => {
  it('proves its owner and nothing else', () => {
    const owner = newOwner();
    expect(OwnerId.safeParse(owner).success).toBe(true);
    expect(readSession(sealSession(owner, keys, now), keys, now)).toEqual({ owner, renew: false });
  });

  it('is refused after any one character of it was changed [A-SE02]', () => {
    const value = sealSession(newOwner(), keys, now);
    for (let at = 0; at < value.length; at += 1) {
      const tampered = value.slice(0, at) + (value[at] === 'A' ? 'B' : 'A') + value.slice(at + 1);
      const read = readSession(tampered, keys, now);
      // The last character of base64url carries two unused bits; it may spell the same bytes.
      if (at < value.length - 1) expect(read).toBeNull();
    }
  });

  it.each(['', 'known', 'v1.known', '__proto__', 'v1....', 'x'.repeat(100_000)])(
    'that nobody signed is no session [A-SE01]: %.20s',
    (value) => {
      expect(readSession(value, keys, now)).toBeNull();
    },
  );

  it('signed with an older key still holds and is renewed', () => {
    const owner = newOwner();
    expect(readSession(sealSession(owner, older, now), keys, now)).toEqual({ owner, renew: true });
    expect(readSession(sealSession(owner, keys, now), older, now)).toBeNull();
  });

  it('is renewed after 30 days of use and dead after its 400', () => {
    const value = sealSession(newOwner(), keys, now);
    expect(readSession(value, keys, now + 29 * DAY_MS)?.renew).toBe(false);
    expect(readSession(value, keys, now + 31 * DAY_MS)?.renew).toBe(true);
    expect(readSession(value, keys, now + COOKIE_MAX_AGE_SEC * 1000 + 1000)).toBeNull();
    expect(readSession(value, keys, now - 2 * DAY_MS)).toBeNull();
  });

  it('made for another purpose is no session', () => {
    const others = keysFor(['a newer secret of at least 32 characters'], 'page-cursor');
    expect(readSession(sealSession(newOwner(), others, now), keys, now)).toBeNull();
  });
});

describe('a Cookie header', () => {
  it('gives the one value of a name, among many', () => {
    const many = Array.from({ length: 200 }, (_, index) => `c${index}=x`).join('; ');
    expect(cookieValue(`${many}; docket=abc`, 'docket')).toBe('abc');
    expect(cookieValue('docket=abc;docket=abc', 'docket')).toBe('abc');
    expect(cookieValue('notdocket=abc', 'docket')).toBeNull();
    expect(cookieValue(undefined, 'docket')).toBeNull();
  });

  it('with two values of a name gives none [A-SE02]', () => {
    expect(cookieValue('docket=abc; docket=def', 'docket')).toBeNull();
  });
});

describe('the Set-Cookie line', () => {
  it('keeps scripts and other sites out', () => {
    expect(setCookieLine('docket', 'v')).toBe('docket=v; Max-Age=34560000; Path=/; HttpOnly; SameSite=Lax');
  });

  it('is bound to the host over TLS', () => {
    expect(setCookieLine('__Host-docket', 'v')).toContain('; Secure');
    expect(setCookieLine('__Host-docket', 'v')).not.toContain('Domain');
  });
});
