import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Refusal } from '../protocol/refusal.ts';
import { sha256Of } from '../../schemas/sha256.ts';

/** Who may ask this gateway. */
export interface Admission {
  /** Asked of every caller; undefined for a gateway on loopback that was started without one. */
  readonly token: string | undefined;
  /** The gateway listens on loopback alone, so `Host` is a name of this machine. */
  readonly loopback: boolean;
}

const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '[::1]']);

/** True for an address that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return LOOPBACK_NAMES.has(host) || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/**
 * Admits programs that have the token, and refuses browsers. A page open on this machine could otherwise use the
 * gateway: by its own name (`Origin`, `Sec-Fetch-Site`) or by a name that resolves to this machine (`Host`, DNS
 * rebinding). `GET /health` needs no token, since it only says how busy the gateway is. A token that is sent must be
 * right.
 * @throws Refusal BROWSER_REFUSED, TOKEN_REFUSED
 */
export function admit({ token, loopback }: Admission, request: IncomingMessage, path: string): void {
  const { origin, host = '', authorization } = request.headers;
  // Fetch Metadata: browsers send it with every request to loopback or over TLS; no other client does.
  if (origin !== undefined || request.headers['sec-fetch-site'] !== undefined)
    throw new Refusal('BROWSER_REFUSED', 'The gateway answers programs and no web page.');
  if (loopback && !isLoopback(host.replace(/:\d+$/, '')))
    throw new Refusal('BROWSER_REFUSED', 'The gateway does not go by the name that was asked for.');
  if (token === undefined || (path === '/health' && authorization === undefined)) return;
  if (!isSame(authorization ?? '', `Bearer ${token}`))
    throw new Refusal('TOKEN_REFUSED', 'The gateway needs its token (GATEWAY_TOKEN), and this was not it.');
}

/** Digests are compared, so that the time taken says nothing of where or how long the token is. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => Buffer.from(sha256Of(text), 'hex');
  return timingSafeEqual(digest(given), digest(expected));
}
