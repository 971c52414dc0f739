import type { IncomingMessage } from 'node:http';
import { addressList } from '../runtime/address-list.ts';
import type { Client, ReadClient } from '../runtime/http/client.ts';
import type { Settings } from '../schemas/config.ts';

/** Headers that proxies add. A request with one of them comes from elsewhere, or pretends to, so it is refused. */
const PROXY_HEADERS = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'x-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
  'x-forwarded-server',
] as const;
const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/;
const LOOPBACK = addressList('loopback');

type AccessSettings = Pick<Settings, 'OPS_ACCESS' | 'PUBLIC_URL' | 'TRUST_PROXY'>;
type AskedBy = Pick<IncomingMessage, 'headers'> & {
  readonly socket: { readonly remoteAddress?: string | undefined };
};

/** Whether a request may see and do what operators may. Asked here and nowhere else, for HTTP and sockets alike. */
export type MayOperate = (request: AskedBy, origins: ReadonlySet<string>) => boolean;

/**
 * Builds the rule of `OPS_ACCESS`: `open`, `off`, or the addresses and ranges of operators (`loopback`, the default,
 * is one such range). The address is the client's own: behind a proxy of `TRUST_PROXY`, the one that the proxy says.
 *
 * A loopback connection alone does not say that somebody is on this machine: behind a reverse proxy that nobody named
 * everybody comes from 127.0.0.1. So a direct loopback connection is refused once a proxy is configured or people
 * come by another name than this machine's (`PUBLIC_URL`). A request with a header of an unnamed proxy always is.
 *
 * A page of another site can make a browser of an operator ask (`Sec-Fetch-Site`, `Origin`), also under a name of its
 * own that it lets point here (DNS rebinding: then `Host` is that name). Both are refused, in every mode.
 *
 * @throws AddressListRefused
 */
export function operatorRule(settings: AccessSettings, readClient: ReadClient): MayOperate {
  if (settings.OPS_ACCESS === 'off') return () => false;
  if (settings.OPS_ACCESS === 'open')
    return (request, origins) => isFromOurOwnPage(request, readClient(request), origins);
  const operators = addressList(settings.OPS_ACCESS);
  return (request, origins) => {
    const client = readClient(request);
    if (!isFromOurOwnPage(request, client, origins)) return false;
    if (client.address === null || !operators.has(client.address)) return false;
    return client.cameByProxy || isDirect(request, client, settings);
  };
}

/** @param origins our own origins, never taken from the request */
function isFromOurOwnPage({ headers }: AskedBy, client: Client, origins: ReadonlySet<string>): boolean {
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  if (origin !== undefined && !origins.has(origin)) return false;
  return [...origins].some((own) => new URL(own).host === client.host?.toLowerCase());
}

/** Whether the connection is the client's own, and not one of a proxy that nobody named. */
function isDirect({ headers }: AskedBy, client: Client, settings: AccessSettings): boolean {
  if (PROXY_HEADERS.some((name) => headers[name] !== undefined)) return false;
  if (!LOOPBACK.has(client.address ?? '')) return true;
  if (settings.TRUST_PROXY) return false;
  if (settings.PUBLIC_URL && !LOOPBACK_HOST.test(new URL(settings.PUBLIC_URL).host)) return false;
  return LOOPBACK_HOST.test(headers.host ?? '');
}
