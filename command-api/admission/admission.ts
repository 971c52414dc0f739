import type { Request } from 'express';
import type { RateLimits } from '../../identity/rate-limits.ts';
import { ApiError } from '../../runtime/http/api-error.ts';
import type { ReadClient } from '../../runtime/http/client.ts';
import type { Settings } from '../../schemas/config.ts';
import type { DiskGuard } from './disk-guard.ts';
import { shareUploadPlaces } from './upload-places.ts';

/** A place for one upload request. */
export interface UploadPlace {
  /** Aborts with an ApiError when another upload needs the place. */
  readonly signal: AbortSignal;
  leave(): void;
}

/** Decides whether a request is admitted. Every check throws the `ApiError` for the answer. */
export interface Admission {
  /** Admits one file of an owner. Returns the seconds to wait; null when the file is admitted. */
  file(owner: string): Promise<number | null>;
  /**
   * Admits one upload request: room on the disk, a plausible length, a place.
   * @throws ApiError STORAGE_FULL, TOO_LARGE, UNAVAILABLE
   */
  upload(req: Request, owner: string): Promise<UploadPlace>;
  inFlight(): number;
}

export function createAdmission(options: {
  settings: Settings;
  disk: Pick<DiskGuard, 'isFull'>;
  limits: Pick<RateLimits, 'file' | 'refused'>;
  readClient: ReadClient;
}): Admission {
  const { settings, disk, limits, readClient } = options;
  const places = shareUploadPlaces(settings.UPLOADS_IN_FLIGHT_MAX, () => performance.now());

  return {
    file: limits.file,
    upload: async (req, owner) => {
      if (bodyLength(req) > requestBytesMax(settings))
        throw new ApiError('TOO_LARGE', 'The request is larger than the limit.');
      const isFull = await disk.isFull().catch((error: unknown) => {
        throw new ApiError('UNAVAILABLE', undefined, { cause: error });
      });
      if (isFull) throw new ApiError('STORAGE_FULL');
      const needed = new AbortController();
      const bytesBefore = req.socket.bytesRead;
      const refuse = (message: string): ApiError => {
        limits.refused('upload-places');
        return new ApiError('UNAVAILABLE', message);
      };
      const leave = places.take({
        clientKey: readClient(req).key,
        owner,
        bytes: () => req.socket.bytesRead - bytesBefore,
        isReceiving: () => !req.complete,
        giveUp: () =>
          needed.abort(refuse('Too many uploads are arriving and this one is slow; try again in a moment.')),
      });
      if (!leave) throw refuse('Too many uploads are arriving; try again in a moment.');
      return { signal: needed.signal, leave };
    },
    inFlight: () => places.taken(),
  };
}

/** The length of a form in which every file has the maximum size. */
function requestBytesMax(settings: Settings): number {
  const formBytesMax = 1024 * 1024;
  return settings.MAX_FILES_PER_REQUEST * settings.MAX_UPLOAD_MB * 1024 * 1024 + formBytesMax;
}

function bodyLength(req: Request): number {
  return Number(req.headers['content-length'] ?? 0);
}
