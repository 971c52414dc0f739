import type { IncomingMessage } from 'node:http';
import { addressList } from '../runtime/address-list.ts';
import type { Client, ReadClient } from '../runtime/http/client.ts';
import type { Settings } from '../schemas/config.ts';

/**
 * Headers that proxies add. A request with such a header comes through a proxy or imitates one, so Docket refuses the
 * request.
 */
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

/** True when a request has the rights of an operator. All checks for HTTP and sockets call this function. */
export type MayOperate = (request: AskedBy, origins: ReadonlySet<string>) => boolean;

/**
 * Builds the rule of `OPS_ACCESS`: `open`, `off`, or the addresses and ranges of operators (`loopback`, the default,
 * is such a range). The rule checks the address of the client. Behind a proxy of `TRUST_PROXY`, it checks the address
 * that the proxy names.
 *
 * A loopback connection alone does not prove that the client is on this machine. Behind a reverse proxy without a
 * setting, everybody comes from 127.0.0.1. So the rule refuses a direct loopback connection if a proxy is configured,
 * or if people use a name that is not this machine's (`PUBLIC_URL`). It always refuses a request with a header of a
 * proxy that no setting names.
 *
 * A page of another site can make an operator's browser send requests (`Sec-Fetch-Site`, `Origin`). It can also make
 * its own host name resolve to this machine (DNS rebinding); then `Host` contains that name. The rule refuses both in
 * every mode.
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

/** @param origins Docket's own origins, never taken from the request */
function isFromOurOwnPage({ headers }: AskedBy, client: Client, origins: ReadonlySet<string>): boolean {
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  if (origin !== undefined && !origins.has(origin)) return false;
  return [...origins].some((own) => new URL(own).host === client.host?.toLowerCase());
}

/** True when the client itself made the connection, and not an unknown proxy. */
function isDirect({ headers }: AskedBy, client: Client, settings: AccessSettings): boolean {
  if (PROXY_HEADERS.some((name) => headers[name] !== undefined)) return false;
  if (!LOOPBACK.has(client.address ?? '')) return true;
  if (settings.TRUST_PROXY) return false;
  if (settings.PUBLIC_URL && !LOOPBACK_HOST.test(new URL(settings.PUBLIC_URL).host)) return false;
  return LOOPBACK_HOST.test(headers.host ?? '');
}
