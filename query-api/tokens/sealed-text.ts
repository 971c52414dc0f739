import { createHmac, timingSafeEqual } from 'node:crypto';

/** Length of the truncated HMAC-SHA-256 at the end: 128 bits, as RFC 2104 section 5 allows. */
const MAC_BYTES = 16;

/** The keys, newest first. The first key signs and all keys verify, so that keys can be rotated. */
export type SealingKeys = readonly [Buffer, ...Buffer[]];

/**
 * Turns a small payload into opaque, URL-safe text that only the holder of the keys can make, and only for `boundTo`.
 * The payload is signed and not hidden, so it must contain nothing secret.
 * @param boundTo the purpose, owner and topic of the text. They are not part of the text, and are checked on opening
 */
export function seal(keys: SealingKeys, boundTo: readonly string[], payload: Buffer): string {
  return Buffer.concat([payload, macOf(keys[0], boundTo, payload)]).toString('base64url');
}

/**
 * The payload of a sealed text; null when the text was not sealed with these keys for exactly `boundTo` (A-SQ01,
 * A-WS04).
 */
export function unseal(keys: SealingKeys, boundTo: readonly string[], text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length <= MAC_BYTES || bytes.toString('base64url') !== text) return null;
  const payload = bytes.subarray(0, -MAC_BYTES);
  const mac = bytes.subarray(-MAC_BYTES);
  return keys.some((key) => timingSafeEqual(mac, macOf(key, boundTo, payload))) ? payload : null;
}

function macOf(key: Buffer, boundTo: readonly string[], payload: Buffer): Buffer {
  return createHmac('sha256', key)
    .update(JSON.stringify(boundTo))
    .update('\0')
    .update(payload)
    .digest()
    .subarray(0, MAC_BYTES);
}
