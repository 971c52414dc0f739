import { Router, type Request, type RequestHandler, type Response } from 'express';
import type { WebFile } from './web-files.ts';

/** The addresses of the page's own router (web/src/router.ts). Any other address gives 404. */
const PAGE_ADDRESS = /^\/(?:(?:ops\/)?jobs\/[0-9a-f-]{36}\/?|ops\/?)?$/;

/**
 * The web app. `/` and every deep link (`/jobs/...`) return the page and a session. A browser may keep hashed files
 * for ever, and requests every other file each time.
 * @param socketOrigins `ws:` and `wss:` origins to which the page may connect, for browsers whose 'self' excludes
 * them
 */
export function webRoutes(
  files: ReadonlyMap<string, WebFile>,
  identity: RequestHandler,
  socketOrigins: (request: Request) => readonly string[],
): Router {
  const router = Router();
  const page = files.get('/index.html');
  router.get('/{*path}', async (req, res, next) => {
    const file = req.path === '/' ? undefined : files.get(req.path);
    if (!file || file === page) return next();
    await send(req, res, file);
  });
  const pagesOnly: RequestHandler = (req, _res, next) =>
    next(page && PAGE_ADDRESS.test(req.path) ? undefined : 'route');
  router.get('/{*path}', pagesOnly, identity, async (req, res, next) => {
    if (!page) return next();
    res.set('Content-Security-Policy', contentSecurityPolicy(socketOrigins(req)));
    res.set('Referrer-Policy', 'same-origin').set('Cross-Origin-Opener-Policy', 'same-origin');
    res.set('X-Frame-Options', 'DENY');
    res.set('Permissions-Policy', 'camera=(), geolocation=(), microphone=()');
    await send(req, res, page);
  });
  return router;
}

function contentSecurityPolicy(socketOrigins: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    ["connect-src 'self'", ...socketOrigins].join(' '),
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
  ].join('; ');
}

async function send(req: Request, res: Response, file: WebFile): Promise<void> {
  res.set('X-Content-Type-Options', 'nosniff').set('Cross-Origin-Resource-Policy', 'same-origin');
  res.set('Cache-Control', file.immutable ? 'public, max-age=31536000, immutable' : 'private, no-cache');
  res.set('ETag', file.etag).vary('Accept-Encoding');
  if (req.headers['if-none-match']?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === file.etag)) {
    res.status(304).end();
    return;
  }
  const accepted = req.acceptsEncodings([...file.encodings]);
  const encoding = accepted === 'br' || accepted === 'gzip' ? accepted : 'identity';
  const body = await file.body(encoding);
  if (encoding !== 'identity') res.set('Content-Encoding', encoding);
  res.set('Content-Type', file.mediaType).set('Content-Length', String(body.length));
  res.status(200).end(req.method === 'HEAD' ? undefined : body);
}
