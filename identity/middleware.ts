import type { IncomingMessage } from 'node:http';
import type { RequestHandler, Response } from 'express';
import type { Settings } from '../schemas/config.ts';
import type { Clock } from '../runtime/clock.ts';
import { ApiError } from '../runtime/http/api-error.ts';
import { clientReader, type ReadClient } from '../runtime/http/client.ts';
import { operatorRule } from './operator-access.ts';
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
