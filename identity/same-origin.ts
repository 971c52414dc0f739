import type { IncomingMessage } from 'node:http';
import type { Settings } from '../schemas/settings/config.ts';
import { ownHosts } from './own-hosts.ts';

/** Methods that change nothing (RFC 9110, section 9.2.1). */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

type OriginSettings = Pick<Settings, 'PUBLIC_URL' | 'HOST' | 'PORT'>;

/**
 * Returns the origins that may write. With `PUBLIC_URL`, only its origin may write. Otherwise the hosts of this
 * machine may write, with the port on which Docket listens. These hosts are `localhost`, `HOST`, and all network
 * addresses when `HOST` means every address. The `Host` header does not count (A-HT02).
 *
 * @param listeningPort the port that the server got, which differs from `PORT` when `PORT` is 0
 */
export function allowedOrigins(settings: OriginSettings, listeningPort: number): ReadonlySet<string> {
  if (settings.PUBLIC_URL) return new Set([new URL(settings.PUBLIC_URL).origin]);
  const { here, elsewhere } = ownHosts(settings.HOST);
  const hosts = ['localhost', '127.0.0.1', '[::1]', here, ...elsewhere];
  const origins = hosts.flatMap((host) => {
    const address = `http://${host}:${listeningPort}`;
    return URL.canParse(address) ? [new URL(address).origin] : [];
  });
  return new Set(origins);
}

/**
 * True when an HTTP request may change something (A-CS01, A-CS04). Browsers name the origin of a request in
 * `Sec-Fetch-Site` (W3C Fetch Metadata), older browsers in `Origin`. A request without both is not from a browser, so
 * it carries no cookie of a browser.
 */
export function mayWrite(
  request: Pick<IncomingMessage, 'method' | 'headers'>,
  allowed: ReadonlySet<string>,
): boolean {
  if (SAFE_METHODS.has(request.method ?? '')) return true;
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  const { origin } = request.headers;
  return origin === undefined || allowed.has(origin);
}

/**
 * True when a socket may open: its `Origin` must be on the list, because browsers do not stop other pages from
 * opening sockets (A-CS03).
 */
export function mayOpenSocket(
  request: Pick<IncomingMessage, 'headers'>,
  allowed: ReadonlySet<string>,
): boolean {
  const { origin } = request.headers;
  return origin !== undefined && allowed.has(origin);
}
