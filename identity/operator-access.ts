import type { IncomingMessage } from 'node:http';
import type { Settings } from '../schemas/config.ts';

/** Headers that proxies add. Who sends one is not on this machine, or wants to look so: neither is let in. */
const PROXY_HEADERS = [
  ...['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'],
  ...['x-client-ip', 'true-client-ip', 'cf-connecting-ip', 'x-forwarded-server'],
] as const;
const LOOPBACK_ADDRESS = /^(127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3})$/;
const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/;

type AccessSettings = Pick<Settings, 'OPS_ACCESS' | 'PUBLIC_URL' | 'TRUST_PROXY'>;
type AskedBy = Pick<IncomingMessage, 'headers'> & {
  readonly socket: { readonly remoteAddress?: string | undefined };
};

/**
 * Whether a request may see and do what operators may, until there are roles. Asked here and nowhere else, for HTTP
 * and for sockets alike.
 *
 * `loopback` lets in who is on this machine. The address alone does not say that: behind a reverse proxy on the same
 * machine everybody comes from 127.0.0.1. So nobody is let in once a proxy is configured (`TRUST_PROXY`) or people
 * come by another name than this machine's (`PUBLIC_URL`), and no request with a proxy's header ever is.
 *
 * A page of another site can make a browser on this machine ask (`Sec-Fetch-Site`, `Origin`), also under a name of its
 * own that it lets point here (DNS rebinding: then `Host` is that name). Both are refused, in every mode.
 *
 * @param origins our own origins, never taken from the request
 */
export function mayOperate(
  request: AskedBy,
  settings: AccessSettings,
  origins: ReadonlySet<string>,
): boolean {
  if (settings.OPS_ACCESS === 'off') return false;
  if (!isFromOurOwnPage(request, origins)) return false;
  return settings.OPS_ACCESS === 'open' || isOnThisMachine(request, settings);
}

function isFromOurOwnPage({ headers }: AskedBy, origins: ReadonlySet<string>): boolean {
  const { host, origin } = headers;
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  if (origin !== undefined && !origins.has(origin)) return false;
  return [...origins].some((own) => new URL(own).host === host?.toLowerCase());
}

function isOnThisMachine({ headers, socket }: AskedBy, settings: AccessSettings): boolean {
  if (settings.TRUST_PROXY) return false;
  if (settings.PUBLIC_URL && !LOOPBACK_HOST.test(new URL(settings.PUBLIC_URL).host)) return false;
  if (PROXY_HEADERS.some((name) => headers[name] !== undefined)) return false;
  return LOOPBACK_ADDRESS.test(socket.remoteAddress ?? '') && LOOPBACK_HOST.test(headers.host ?? '');
}
