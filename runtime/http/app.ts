import { randomUUID } from 'node:crypto';
import express from 'express';
import type { ErrorRequestHandler, Express, Request, Response } from 'express';
import type { ErrorBody } from '../../schemas/errors/error-codes.ts';
import type { Log } from '../log/log.ts';
import { outageLog, type OutageLog } from '../log/outage-log.ts';
import { ApiError } from './api-error.ts';

const METHODS_SERVED = new Set(['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS']);

/** The correlation id of a request, for events, logs and error answers. */
export function requestIdOf(res: Response): string {
  return String(res.locals['requestId']);
}

/**
 * Creates an Express app with the common rules of all services: a request id, no header that names Express, and only
 * JSON errors. Mount routers with `app.use`, then call `endWithJsonErrors`.
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

/**
 * The number of Host lines. Docket refuses a request with two Host lines or none (RFC 9112, section 3.2); Node itself
 * uses the first.
 */
function hostLines({ rawHeaders }: Request): number {
  return rawHeaders.filter((text, at) => at % 2 === 0 && text.toLowerCase() === 'host').length;
}

/**
 * The last handlers: a request without an answer gets 404, and an error becomes one JSON error without stack or path.
 */
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

/** Codes of stores that cannot be used now. The fault is neither in the request nor in Docket's code. */
const STORE_CODES = new Set(['LOG_UNAVAILABLE', 'READ_STORE_UNAVAILABLE', 'BLOB_STORE_UNAVAILABLE']);

/**
 * Express's own refusals (bad percent-encoding, body too large) carry `status`. Every other unknown error is a defect
 * of Docket.
 */
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

/** An outage is over when no request has failed for this time. */
const OVER_AFTER_MS = 60_000;
/** Number of reasons that have their own count. All other reasons share one count. */
const CODES_MAX = 16;

/**
 * Counts the requests that get 503, by the code of the reason. It logs the first request, then the number once a
 * minute, and the end after a minute without one. This keeps the log short when many requests are refused.
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
      const lines = known?.lines ?? outageLog(log, `requests get the answer 503 (${code})`);
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
