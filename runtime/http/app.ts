import { randomUUID } from 'node:crypto';
import express from 'express';
import type { ErrorRequestHandler, Express, Request, Response } from 'express';
import type { ErrorBody } from '../../schemas/error-codes.ts';
import type { Log } from '../log.ts';
import { outageLog, type OutageLog } from '../outage-log.ts';
import { ApiError } from './api-error.ts';

const METHODS_SERVED = new Set(['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS']);

/** The correlation id of a request; it goes into events, logs and error answers. */
export function requestIdOf(res: Response): string {
  return String(res.locals['requestId']);
}

/**
 * An Express app with the manners every service shares: a request id, no advertising header, JSON errors only.
 * Mount routers with `app.use`, then call `endWithJsonErrors`.
 */
export function createApp(): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use((req, res, next) => {
    res.locals['requestId'] = randomUUID();
    res.setHeader('X-Request-Id', requestIdOf(res));
    const hosts = hostLines(req);
    if (hosts > 1) return next(new ApiError('BAD_REQUEST', 'The request names its host twice.'));
    if (hosts === 0 && req.httpVersion === '1.1')
      return next(new ApiError('BAD_REQUEST', 'The request does not name its host.'));
    if (!METHODS_SERVED.has(req.method)) return next(new ApiError('METHOD_NOT_ALLOWED'));
    next();
  });
  return app;
}

/** A request with two Host lines, or with none, is refused (RFC 9112, section 3.2); Node itself keeps the first. */
function hostLines({ rawHeaders }: Request): number {
  return rawHeaders.filter((text, at) => at % 2 === 0 && text.toLowerCase() === 'host').length;
}

/** Last in line: whatever was not answered is 404, whatever threw becomes one JSON error without stack or path. */
export function endWithJsonErrors(app: Express, log: Log): void {
  app.use((_req: Request, _res: Response, next) => next(new ApiError('NOT_FOUND')));
  const outages = requestOutages(log);
  const answerError: ErrorRequestHandler = (error: unknown, req, res, next) => {
    const known = toApiError(error);
    if (known.code === 'INTERNAL')
      log.error({ err: error, requestId: requestIdOf(res), method: req.method }, 'request failed');
    if (known.code === 'UNAVAILABLE') outages.failed(error);
    if (res.headersSent) return next(error);
    sendError(res, known);
  };
  app.use(answerError);
}

/** Writes an error answer. */
export function sendError(res: Response, error: ApiError): void {
  res.locals['errorCode'] = error.code;
  const body: ErrorBody = {
    error: {
      code: error.code,
      message: error.message,
      requestId: requestIdOf(res),
      ...(error.jobId === undefined ? {} : { jobId: error.jobId }),
    },
  };
  if (error.retryAfterSec !== undefined) res.setHeader('Retry-After', String(error.retryAfterSec));
  res.setHeader('Cache-Control', 'no-store');
  res.status(error.status).json(body);
}

/** Codes of stores that cannot be used now: never the request's fault, and never a fault inside Docket. */
const STORE_CODES = new Set(['LOG_UNAVAILABLE', 'READ_STORE_UNAVAILABLE', 'BLOB_STORE_UNAVAILABLE']);

/** Express's own refusals (bad percent-encoding, body too large) carry `status`; everything else unknown is ours. */
function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const { status, code } = (error ?? {}) as { status?: unknown; code?: unknown };
  if (STORE_CODES.has(String(code))) return new ApiError('UNAVAILABLE', undefined, { cause: error });
  if (status === 413)
    return new ApiError('TOO_LARGE', 'The request body is larger than the limit.', { cause: error });
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new ApiError('BAD_REQUEST', undefined, { cause: error });
  return new ApiError('INTERNAL', undefined, { cause: error });
}

/** Requests fail no more when none has failed for so long. */
const OVER_AFTER_MS = 60_000;
/** Reasons that are counted apart; more are counted together. */
const CODES_MAX = 16;

/**
 * Counts the requests that are answered 503, by the code of the reason. It logs when they begin, once a minute their
 * number, and when there were none for a minute. So many refused requests write few lines.
 */
function requestOutages(log: Log): Pick<OutageLog, 'failed'> {
  const outages = new Map<string, { readonly lines: OutageLog; over: NodeJS.Timeout }>();
  return {
    failed: (error) => {
      const cause = error instanceof Error ? (error.cause ?? error) : error;
      const { code: given } = cause as { code?: unknown };
      const named = typeof given === 'string' ? given : 'UNAVAILABLE';
      const code = outages.has(named) || outages.size < CODES_MAX ? named : 'UNAVAILABLE';
      const known = outages.get(code);
      const lines = known?.lines ?? outageLog(log, `requests are answered 503 (${code})`);
      clearTimeout(known?.over);
      const over = setTimeout(() => {
        outages.delete(code);
        lines.worked();
      }, OVER_AFTER_MS).unref();
      outages.set(code, { lines, over });
      lines.failed(error);
    },
  };
}
