import type { RequestHandler, Response } from 'express';
import type { Pool } from 'pg';
import {
  RateLimiterMemory,
  RateLimiterPostgres,
  RateLimiterRes,
  type IRateLimiterOptions,
  type RateLimiterAbstract,
} from 'rate-limiter-flexible';
import { ApiError } from '../runtime/http/api-error.ts';
import type { ReadClient } from '../runtime/http/client.ts';
import { Counter, type Metrics } from '../runtime/metrics/metrics.ts';
import type { Settings } from '../schemas/settings/config.ts';

const MINUTE_SEC = 60;
const HOUR_SEC = 3_600;
/** The table of shared counts, made by the read store's migrations. */
const COUNTS = { schemaName: 'docket', tableName: 'rate_limits', tableCreated: true } as const;

/**
 * The limits by what they count: `address` counts every request, `owner` counts requests with a session, `upload`
 * counts files.
 */
export type LimitName = 'address' | 'owner' | 'upload';
/** The reason for a refusal, as the metric counts it. */
export type RefusalReason = LimitName | 'upload-places' | 'socket-address' | 'socket-owner';

interface Limit {
  readonly name: LimitName;
  readonly points: number;
  readonly windowSec: number;
  readonly limiter: RateLimiterAbstract;
}

/**
 * The limits for all routes of a process. Refusals are 429 with `Retry-After`. Answers have the fields
 * `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10).
 *
 * @param options.sharedBy Postgres, in which all processes count together. Without it, and while it does not answer,
 * each process counts for itself
 */
export function createRateLimits(options: {
  settings: Pick<Settings, 'REQUEST_RATE_PER_MINUTE' | 'UPLOAD_RATE_PER_MINUTE' | 'UPLOAD_RATE_PER_HOUR'>;
  readClient: ReadClient;
  metrics: Metrics;
  sharedBy?: Pool | undefined;
}) {
  const { settings, readClient, sharedBy } = options;
  const refusals = new Counter({
    name: 'docket_requests_refused_total',
    help: 'Requests, files and sockets refused by a limit, by limit',
    labelNames: ['reason'],
    registers: [options.metrics],
  });
  const limit = (name: LimitName, points: number, windowSec: number): Limit => ({
    name,
    points,
    windowSec,
    limiter: limiterOf({ points, duration: windowSec, keyPrefix: `${name}-${windowSec}` }, sharedBy),
  });
  const address = limit('address', settings.REQUEST_RATE_PER_MINUTE, MINUTE_SEC);
  const owner = limit('owner', settings.REQUEST_RATE_PER_MINUTE, MINUTE_SEC);
  const uploads = [limit('upload', settings.UPLOAD_RATE_PER_MINUTE, MINUTE_SEC)];
  if (settings.UPLOAD_RATE_PER_HOUR !== undefined)
    uploads.push(limit('upload', settings.UPLOAD_RATE_PER_HOUR, HOUR_SEC));

  const pass = async (of: Limit, key: string, res: Response): Promise<void> => {
    const { isAllowed, left } = await consume(of.limiter, key);
    tell(res, of, left);
    if (isAllowed) return;
    refusals.inc({ reason: of.name });
    throw new ApiError('RATE_LIMITED', undefined, { retryAfterSec: secondsOf(left) });
  };

  return {
    /** Counts one request of the client's address. Mount this handler before every route of a process. */
    byAddress: (async (req, res, next) => {
      await pass(address, readClient(req).key, res);
      next();
    }) satisfies RequestHandler,
    /** Counts one request of its owner, once for each request. Mount this handler after the identity middleware. */
    byOwner: (async (_req, res, next) => {
      const { owner: asking, isOwnerCounted } = res.locals as { owner?: string; isOwnerCounted?: true };
      if (asking !== undefined && !isOwnerCounted) {
        res.locals['isOwnerCounted'] = true;
        await pass(owner, asking, res);
      }
      next();
    }) satisfies RequestHandler,
    /**
     * Counts one file of an owner.
     * @returns seconds to wait; null when the file is allowed
     */
    file: async (asking: string) => {
      for (const { limiter } of uploads) {
        const { isAllowed, left } = await consume(limiter, asking);
        if (isAllowed) continue;
        refusals.inc({ reason: 'upload' });
        return secondsOf(left);
      }
      return null;
    },
    /**
     * Counts one socket of an address.
     * @returns seconds to wait; null when the socket may open
     */
    socket: async (clientKey: string) => {
      const { isAllowed, left } = await consume(address.limiter, clientKey);
      if (isAllowed) return null;
      refusals.inc({ reason: 'address' });
      return secondsOf(left);
    },
    /** Counts a refusal that other code decided. */
    refused: (reason: RefusalReason) => refusals.inc({ reason }),
  };
}
export type RateLimits = ReturnType<typeof createRateLimits>;

function limiterOf(options: IRateLimiterOptions, sharedBy: Pool | undefined): RateLimiterAbstract {
  const alone = new RateLimiterMemory(options);
  if (!sharedBy) return alone;
  return new RateLimiterPostgres({
    ...options,
    ...COUNTS,
    storeClient: sharedBy,
    storeType: 'pool',
    insuranceLimiter: alone,
    // A client over its limit is refused from memory, so that a flood of requests causes no work for Postgres.
    inMemoryBlockOnConsumed: Number(options.points) + 1,
  });
}

async function consume(
  limiter: RateLimiterAbstract,
  key: string,
): Promise<{ isAllowed: boolean; left: RateLimiterRes }> {
  try {
    return { isAllowed: true, left: await limiter.consume(key) };
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused;
    return { isAllowed: false, left: refused };
  }
}

/** Adds one limit to the fields of the answer. Two limits may apply to a request. */
function tell(res: Response, { name, points, windowSec }: Limit, left: RateLimiterRes): void {
  res.append('RateLimit-Policy', `"${name}";q=${points};w=${windowSec}`);
  res.append('RateLimit', `"${name}";r=${Math.max(0, left.remainingPoints)};t=${secondsOf(left)}`);
}

function secondsOf(left: RateLimiterRes): number {
  return Math.max(1, Math.ceil(left.msBeforeNext / 1000));
}
