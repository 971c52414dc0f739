import type { IncomingMessage } from 'node:http';
import type { ErrorRequestHandler, Response } from 'express';
import type { ErrorBody } from '../schemas/errors/error-codes.ts';
import { ApiError } from '../runtime/http/api-error.ts';
import { requestIdOf } from '../runtime/http/app.ts';

/** A refused body is read for this time, and up to this many bytes, so that its sender can read the answer (A-UP06). */
const LINGER_MS = 5_000;
const LINGER_BYTES_MAX = 64 * 1024 * 1024;

/** The body of an error answer. */
export function errorBody(res: Response, error: ApiError): ErrorBody {
  const jobId = error.jobId === undefined ? {} : { jobId: error.jobId };
  return { error: { code: error.code, message: error.message, requestId: requestIdOf(res), ...jobId } };
}

/**
 * Answers a request whose body is still arriving. It sends the whole answer at once. Then it reads and drops the body
 * within limits, and closes the connection. An earlier close would reset the connection, and the sender would see an
 * error instead of the answer (RFC 9112, section 9.6).
 */
export function answerEarly(req: IncomingMessage, res: Response, status: number, body: object): void {
  if (req.complete || req.destroyed || !req.readable) {
    res.status(status).json(body);
    return;
  }
  const text = Buffer.from(JSON.stringify(body));
  res.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': text.length,
    Connection: 'close',
  });
  res.write(text);

  let bytes = 0;
  const finish = (): void => {
    clearTimeout(deadline);
    req.off('data', count).off('end', finish).off('close', finish);
    res.end();
  };
  const count = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes > LINGER_BYTES_MAX) finish();
  };
  const deadline = setTimeout(finish, LINGER_MS);
  req.on('data', count).on('end', finish).on('close', finish);
  req.resume();
}

/** Answers errors of routes that read bodies, in the usual form, so that the sender can read the answer. */
export const answerErrorEarly: ErrorRequestHandler = (error: unknown, req, res, next) => {
  if (!(error instanceof ApiError) || req.complete || res.headersSent) return next(error);
  if (error.retryAfterSec !== undefined) res.setHeader('Retry-After', String(error.retryAfterSec));
  res.setHeader('Cache-Control', 'no-store');
  res.locals['errorCode'] = error.code;
  answerEarly(req, res, error.status, errorBody(res, error));
};
