import type { IncomingMessage } from 'node:http';
import type { Settings } from '../schemas/config.ts';
import { ownHosts } from './own-hosts.ts';

/** Methods that change nothing (RFC 9110, section 9.2.1). */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

type OriginSettings = Pick<Settings, 'PUBLIC_URL' | 'HOST' | 'PORT'>;

/**
 * The origins that may write: that of `PUBLIC_URL`, or this machine's own on the port: `localhost`, `HOST`, and its
 * network addresses when `HOST` means every address. The `Host` header has no say (A-HT02).
 *
 * @param listeningPort the port really listened on, for a `PORT` of 0
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
 * Whether an HTTP request may change something (A-CS01, A-CS04). Browsers say where a request comes from by
 * `Sec-Fetch-Site` (W3C Fetch Metadata), older ones by `Origin`; what says neither is no browser, and no browser's
 * cookie is with it.
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

/** Whether a socket may be opened: only with an `Origin` on the list, since no other rule stops a page (A-CS03). */
export function mayOpenSocket(
  request: Pick<IncomingMessage, 'headers'>,
  allowed: ReadonlySet<string>,
): boolean {
  const { origin } = request.headers;
  return origin !== undefined && allowed.has(origin);
}
