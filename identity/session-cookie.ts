import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { stringifySetCookie } from 'cookie';

/** `__Host-` binds the cookie to this host over TLS, so that no sibling domain can set it (RFC 6265bis, 4.1.3.2). */
export const SECURE_COOKIE = '__Host-docket';
export const PLAIN_COOKIE = 'docket';

/** The longest time for which browsers keep a cookie (RFC 6265bis, 5.5). */
export const COOKIE_MAX_AGE_SEC = 400 * 24 * 3600;
/** Docket writes the cookie of a session in use again after this time, so that the session does not expire. */
const RENEW_AFTER_SEC = 30 * 24 * 3600;
/** A cookie may be this far in the future, because clocks differ. */
const CLOCK_SKEW_SEC = 24 * 3600;
/** 128 random bits: the owner's id, 22 characters of base64url. */
const OWNER_ID_BYTES = 16;

const FORM = /^v1\.([A-Za-z0-9_-]{22})\.([0-9a-z]{1,10})\.([A-Za-z0-9_-]{43})$/;

/** The keys, newest first. The first key signs, and all keys verify. */
export type SessionKeys = readonly [Buffer, ...Buffer[]];

/** A session from a valid cookie. */
export interface Session {
  readonly owner: string;
  /** True when Docket should write the cookie again, because the cookie is old or signed by an older key. */
  readonly renew: boolean;
}

/** Makes a new, random owner. Nothing is stored, because the cookie is the session. */
export function newOwner(): string {
  return randomBytes(OWNER_ID_BYTES).toString('base64url');
}

/** Makes the value of the cookie: version, owner, issue time in seconds (base 36), HMAC-SHA256 of these three parts. */
export function sealSession(owner: string, keys: SessionKeys, nowMs: number): string {
  const claim = `v1.${owner}.${Math.floor(nowMs / 1000).toString(36)}`;
  return `${claim}.${macOf(claim, keys[0]).toString('base64url')}`;
}

/** Reads the session from a cookie's value; null when Docket did not sign it or it is too old. */
export function readSession(value: string, keys: SessionKeys, nowMs: number): Session | null {
  const match = FORM.exec(value);
  if (!match) return null;
  const [, owner = '', issuedText = '', macText = ''] = match;
  const claim = value.slice(0, value.lastIndexOf('.'));
  const mac = Buffer.from(macText, 'base64url');
  const signer = keys.findIndex((key) => timingSafeEqual(macOf(claim, key), mac));
  if (signer < 0) return null;
  const ageSec = nowMs / 1000 - Number.parseInt(issuedText, 36);
  if (ageSec > COOKIE_MAX_AGE_SEC || ageSec < -CLOCK_SKEW_SEC) return null;
  return { owner, renew: signer > 0 || ageSec > RENEW_AFTER_SEC };
}

/**
 * The value of a cookie in a `Cookie` header, or null. A name with two different values counts as absent, because
 * nobody can know which value is the genuine one (A-SE02).
 */
export function cookieValue(header: string | undefined, name: string): string | null {
  const values = new Set<string>();
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at >= 0 && pair.slice(0, at).trim() === name) values.add(pair.slice(at + 1).trim());
  }
  const [value, ...others] = values;
  return value === undefined || others.length > 0 ? null : value;
}

/** The `Set-Cookie` line of a session. */
export function setCookieLine(name: string, value: string): string {
  return stringifySetCookie({
    name,
    value,
    maxAge: COOKIE_MAX_AGE_SEC,
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: name === SECURE_COOKIE,
  });
}

function macOf(claim: string, key: Buffer): Buffer {
  return createHmac('sha256', key).update(claim).digest();
}
