import type { IncomingMessage } from 'node:http';
import type { RequestHandler, Response } from 'express';
import type { Settings } from '../schemas/settings/config.ts';
import type { Clock } from '../runtime/clock.ts';
import { ApiError } from '../runtime/http/api-error.ts';
import { clientReader, type ReadClient, type Client } from '../runtime/http/client.ts';
import { allowedOrigins, mayOpenSocket, mayWrite } from './same-origin.ts';
import {
  cookieValue,
  newOwner,
  PLAIN_COOKIE,
  readSession,
  sealSession,
  SECURE_COOKIE,
  setCookieLine,
  type Session,
} from './session-cookie.ts';
import { keysFor, type SigningSecrets } from './signing-keys.ts';
import { addressList } from '../runtime/settings/address-list.ts';

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
type MayOperate = (request: AskedBy, origins: ReadonlySet<string>) => boolean;

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

/** The rules that decide who sends a request, and from which machine. All services of a process share one object. */
export interface Identity {
  /**
   * Refuses a change that a page of another site requests (403), then gives the request an owner. A request without a
   * valid cookie gets a new session. Nothing is stored (A-SE04). A process may mount it more than once.
   */
  readonly middleware: RequestHandler;
  /** Reads the client of a request, also behind the proxies of `TRUST_PROXY`. */
  readonly readClient: ReadClient;
  /** Docket's own origins, from the settings alone. */
  originsFor(request: IncomingMessage): ReadonlySet<string>;
  /** The owner of an upgrade request, or null. An upgrade never gets a new session. */
  ownerOfUpgrade(request: IncomingMessage): string | null;
  /** True when Docket's own page opens this socket. */
  mayOpenSocket(request: IncomingMessage): boolean;
  /** True when the client has the rights of an operator (`OPS_ACCESS`). */
  mayOperate(request: IncomingMessage): boolean;
  /** Answers 403 to everybody except operators. */
  readonly operatorsOnly: RequestHandler;
}

/** The owner that `middleware` gave to the request. */
export function ownerOf(res: Response): string {
  const owner: unknown = res.locals['owner'];
  if (typeof owner !== 'string') throw new Error('The route is not behind the identity middleware.');
  return owner;
}

/** Identifies owners by anonymous, signed session cookies. */
export function createIdentity(options: {
  settings: Pick<Settings, 'PUBLIC_URL' | 'HOST' | 'PORT' | 'OPS_ACCESS' | 'TRUST_PROXY'>;
  secrets: SigningSecrets;
  clock: Clock;
}): Identity {
  const { settings, clock } = options;
  const keys = keysFor(options.secrets, 'session');
  const readClient = clientReader(settings.TRUST_PROXY);
  const mayOperate = operatorRule(settings, readClient);
  const isPublicOverTls = settings.PUBLIC_URL?.startsWith('https:') ?? false;
  const cookieNameFor = (request: IncomingMessage): string =>
    isPublicOverTls || readClient(request).isSecure ? SECURE_COOKIE : PLAIN_COOKIE;
  const originsByPort = new Map<number, ReadonlySet<string>>();

  const originsFor = (request: IncomingMessage): ReadonlySet<string> => {
    const port = settings.PORT || (request.socket.localPort ?? 0);
    const known = originsByPort.get(port);
    if (known) return known;
    const origins = allowedOrigins(settings, port);
    originsByPort.set(port, origins);
    return origins;
  };
  const sessionOf = (request: IncomingMessage): Session | null => {
    const value = cookieValue(request.headers.cookie, cookieNameFor(request));
    return value === null ? null : readSession(value, keys, clock.now());
  };
  const bringsCookie = (request: IncomingMessage): boolean =>
    (request.headers.cookie ?? '').includes(`${cookieNameFor(request)}=`);
  const operates = (request: IncomingMessage): boolean => mayOperate(request, originsFor(request));

  return {
    readClient,
    originsFor,
    mayOperate: operates,
    operatorsOnly: (req, _res, next) =>
      next(
        operates(req)
          ? undefined
          : new ApiError('FORBIDDEN', 'This is for operators; OPS_ACCESS says who that is.'),
      ),
    middleware: (req, res, next) => {
      if (res.locals['owner'] !== undefined) return next();
      if (!mayWrite(req, originsFor(req))) return next(new ApiError('FORBIDDEN'));
      const session = sessionOf(req);
      if (!session && bringsCookie(req)) res.locals['hasBadCookie'] = true;
      const owner = session?.owner ?? newOwner();
      if (!session || session.renew)
        res.append('Set-Cookie', setCookieLine(cookieNameFor(req), sealSession(owner, keys, clock.now())));
      res.locals['owner'] = owner;
      next();
    },
    ownerOfUpgrade: (request) => sessionOf(request)?.owner ?? null,
    mayOpenSocket: (request) => mayOpenSocket(request, originsFor(request)),
  };
}
