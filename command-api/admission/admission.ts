import type { Request } from 'express';
import type { RateLimits } from '../../identity/rate-limits.ts';
import { ApiError } from '../../runtime/http/api-error.ts';
import type { ReadClient } from '../../runtime/http/client.ts';
import type { Settings } from '../../schemas/settings/config.ts';
import type { DiskGuard } from './disk-guard.ts';

/** An upload below this speed keeps its place only while no other upload needs the place. */
const PACE_WHEN_FULL_BYTES_PER_SEC = 32 * 1024;
/** An upload younger than this has no measured speed yet. */
const YOUNG_MS = 2_000;

/** An upload that requests a place. */
interface PlaceFor {
  readonly clientKey: string;
  readonly owner: string;
  /** Number of bytes of the body received so far. */
  readonly bytes: () => number;
  /** False once the whole body has arrived. Such an upload will free its place soon. */
  readonly isReceiving: () => boolean;
  /** Ends the upload, because its place is needed. */
  readonly giveUp: () => void;
}

interface Held extends PlaceFor {
  readonly sinceMs: number;
}

/**
 * Places for uploads in progress, shared between addresses and then between owners. Any upload may take a free place.
 * If none is free, the slowest upload of the address with the most uploads is ended. That address must have at least
 * two more than the new upload's address. Within one address the same rule applies to owners. An upload slower than 32
 * KiB a second is ended when any other upload needs the place (A-UP12).
 * @param nowMs a clock that only goes forward, milliseconds
 */
export function shareUploadPlaces(placesMax: number, nowMs: () => number) {
  const held = new Set<Held>();

  const victimFor = (asking: PlaceFor): Held | undefined => {
    const all = [...held].filter((one) => one.isReceiving());
    const slow = slowest(
      all.filter((one) => nowMs() - one.sinceMs >= YOUNG_MS),
      nowMs(),
    );
    if (slow && paceOf(slow, nowMs()) < PACE_WHEN_FULL_BYTES_PER_SEC) return slow;
    const greedy = withMostUploads(all, (one) => one.clientKey);
    if (greedy.key !== asking.clientKey) {
      const own = all.filter((one) => one.clientKey === asking.clientKey).length;
      return greedy.of.length >= own + 2 ? slowest(greedy.of, nowMs()) : undefined;
    }
    const greedyOwner = withMostUploads(greedy.of, (one) => one.owner);
    const own = greedy.of.filter((one) => one.owner === asking.owner).length;
    return greedyOwner.of.length >= own + 2 ? slowest(greedyOwner.of, nowMs()) : undefined;
  };

  return {
    /**
     * Takes a place. The returned function frees the place. Null when every address and owner already has a fair share.
     */
    take: (upload: PlaceFor) => {
      if (held.size >= placesMax) {
        const victim = victimFor(upload);
        if (!victim) return null;
        held.delete(victim);
        victim.giveUp();
      }
      const place: Held = { ...upload, sinceMs: nowMs() };
      held.add(place);
      return () => void held.delete(place);
    },
    taken: () => held.size,
  };
}

function withMostUploads(
  all: readonly Held[],
  keyOf: (one: Held) => string,
): { readonly key: string; readonly of: readonly Held[] } {
  let most: { key: string; of: readonly Held[] } = { key: '', of: [] };
  for (const [key, of] of Map.groupBy(all, keyOf)) if (of.length > most.of.length) most = { key, of };
  return most;
}

function slowest(all: readonly Held[], nowMs: number): Held | undefined {
  return all.toSorted((one, other) => paceOf(one, nowMs) - paceOf(other, nowMs)).at(0);
}

/** Bytes per second since the upload began. */
function paceOf(upload: Held, nowMs: number): number {
  return (upload.bytes() * 1000) / Math.max(1, nowMs - upload.sinceMs);
}

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
