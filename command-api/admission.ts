import type { Request } from 'express';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { ApiError } from '../runtime/http/api-error.ts';
import { clientReader } from '../runtime/http/client.ts';
import type { Settings } from '../schemas/config.ts';
import type { DiskGuard } from './disk-guard.ts';

const minuteSec = 60;

/** Whether a request may come in at all. Every check throws the `ApiError` to answer with. */
export interface Admission {
  /** One request from its address. @throws ApiError RATE_LIMITED */
  request(req: Request): Promise<void>;
  /** One file of an owner; seconds to wait, or null when it may come. */
  file(owner: string): Promise<number | null>;
  /**
   * One upload request: room on the disk, a length that can be right, a free place. Call the answer when it is over.
   * @throws ApiError STORAGE_FULL, TOO_LARGE, UNAVAILABLE
   */
  upload(req: Request): Promise<() => void>;
  inFlight(): number;
}

export function createAdmission(options: { settings: Settings; disk: Pick<DiskGuard, 'isFull'> }): Admission {
  const { settings, disk } = options;
  const readClient = clientReader(settings.TRUST_PROXY);
  const byAddress = new RateLimiterMemory({
    points: settings.REQUEST_RATE_PER_MINUTE,
    duration: minuteSec,
  });
  const byOwner = new RateLimiterMemory({ points: settings.UPLOAD_RATE_PER_MINUTE, duration: minuteSec });
  let inFlight = 0;

  return {
    request: async (req) => {
      const waitSec = await waitFor(byAddress, readClient(req).key);
      if (waitSec !== null) throw new ApiError('RATE_LIMITED', undefined, { retryAfterSec: waitSec });
    },
    file: (owner) => waitFor(byOwner, owner),
    upload: async (req) => {
      if (bodyLength(req) > requestBytesMax(settings))
        throw new ApiError('TOO_LARGE', 'The request is larger than the limit.');
      const isFull = await disk.isFull().catch((error: unknown) => {
        throw new ApiError('UNAVAILABLE', undefined, { cause: error });
      });
      if (isFull) throw new ApiError('STORAGE_FULL');
      if (inFlight >= settings.UPLOADS_IN_FLIGHT_MAX)
        throw new ApiError('UNAVAILABLE', 'Too many uploads are arriving; try again in a moment.');
      inFlight += 1;
      return () => {
        inFlight -= 1;
      };
    },
    inFlight: () => inFlight,
  };
}

/** Every file at its largest, with the form around it. */
function requestBytesMax(settings: Settings): number {
  const formBytesMax = 1024 * 1024;
  return settings.MAX_FILES_PER_REQUEST * settings.MAX_UPLOAD_MB * 1024 * 1024 + formBytesMax;
}

function bodyLength(req: Request): number {
  return Number(req.headers['content-length'] ?? 0);
}

/** Seconds until one more is allowed, or null when it is now. */
async function waitFor(limiter: RateLimiterMemory, key: string): Promise<number | null> {
  try {
    await limiter.consume(key);
    return null;
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused;
    return Math.max(1, Math.ceil(refused.msBeforeNext / 1000));
  }
}
