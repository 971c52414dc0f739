import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Refusal } from '../protocol/refusal.ts';
import { sha256Of } from '../../schemas/sha256.ts';

/** The rule that says who may call this gateway. */
export interface Admission {
  /** The token that every caller must send. Undefined for a gateway on loopback that was started without one. */
  readonly token: string | undefined;
  /** True when the gateway listens on loopback alone. In this case, `Host` must be a name of this machine. */
  readonly loopback: boolean;
}

const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '[::1]']);

/** True for an address that only programs of this machine can reach. */
export function isLoopback(host: string): boolean {
  return LOOPBACK_NAMES.has(host) || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/**
 * Admits programs that have the token, and refuses browsers. A web page that is open on this machine could otherwise
 * call the gateway. Its requests carry `Origin` or `Sec-Fetch-Site`. With DNS rebinding they carry a foreign name in
 * `Host`. `GET /health` needs no token, because its answer only says how busy the gateway is. If a caller sends a
 * token to `GET /health`, the token must be right.
 * @throws Refusal BROWSER_REFUSED, TOKEN_REFUSED
 */
export function admit({ token, loopback }: Admission, request: IncomingMessage, path: string): void {
  const { origin, host = '', authorization } = request.headers;
  // Browsers send Fetch Metadata (`Sec-Fetch-Site`) with every request to loopback or over TLS. No other client sends
  // it.
  if (origin !== undefined || request.headers['sec-fetch-site'] !== undefined)
    throw new Refusal('BROWSER_REFUSED', 'The gateway accepts requests of programs and not of web pages.');
  if (loopback && !isLoopback(host.replace(/:\d+$/, '')))
    throw new Refusal('BROWSER_REFUSED', 'The request was not sent to a name of this machine.');
  if (token === undefined || (path === '/health' && authorization === undefined)) return;
  if (!isSame(authorization ?? '', `Bearer ${token}`))
    throw new Refusal('TOKEN_REFUSED', 'The request must carry the token of the gateway (GATEWAY_TOKEN).');
}

/**
 * Compares digests, so that the time of the comparison does not depend on the position of a difference or on the
 * length.
 */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => Buffer.from(sha256Of(text), 'hex');
  return timingSafeEqual(digest(given), digest(expected));
}
