import type { RequestHandler } from 'express';
import type { Log } from '../log/log.ts';
import type { ReadClient } from './client.ts';

/** Most lines a second. The next line states the number of refusals without a line. */
const LINES_PER_SECOND_MAX = 10;
/** An address of one job. A 404 for such an address means that the job does not exist or belongs to another owner. */
const JOB_ADDRESS = /^\/api\/(?:ops\/)?jobs\/[0-9a-f-]{36}(?:\/|\?|$)/;
const REFUSALS: ReadonlySet<string> = new Set(['UNAUTHENTICATED', 'FORBIDDEN', 'RATE_LIMITED']);

/**
 * Logs refused access, one line of level warn each, at most ten a second (ASVS 5.0, 16.3). It logs 401, 403, 429,
 * requests for a job that the caller may not see, and session cookies without a valid session. Mount it before all
 * routes; it reads the error's code and the identity's mark after the answer.
 *
 * @param options.nowMs a monotonic clock, milliseconds
 */
export function logRefusedAccess(options: {
  log: Pick<Log, 'warn'>;
  readClient: ReadClient;
  nowMs: () => number;
}): RequestHandler {
  const { log, readClient, nowMs } = options;
  let secondAtMs = -Infinity;
  let lines = 0;
  let leftOut = 0;

  const write = (line: Record<string, unknown>): void => {
    if (nowMs() - secondAtMs >= 1_000) {
      secondAtMs = nowMs();
      lines = 0;
    }
    if (lines >= LINES_PER_SECOND_MAX) {
      leftOut += 1;
      return;
    }
    lines += 1;
    log.warn(leftOut === 0 ? line : { ...line, leftOut }, 'access refused');
    leftOut = 0;
  };

  return (req, res, next) => {
    const { address } = readClient(req);
    res.once('finish', () => {
      const { errorCode, hasBadCookie, requestId } = res.locals;
      const reason = reasonOf(String(errorCode ?? ''), req.originalUrl, hasBadCookie === true);
      if (reason) write({ requestId: String(requestId), address, reason, method: req.method });
    });
    next();
  };
}

function reasonOf(errorCode: string, url: string, hasBadCookie: boolean): string | null {
  if (REFUSALS.has(errorCode)) return errorCode;
  if (errorCode === 'NOT_FOUND' && JOB_ADDRESS.test(url)) return errorCode;
  return hasBadCookie ? 'BAD_COOKIE' : null;
}
