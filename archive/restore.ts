import type { BlobStore } from '../blob-store/blob-store.ts';
import { BlobExists, BlobMissing } from '../blob-store/blob-errors.ts';
import { noteFiles, type NamedFile } from '../conversion-job/named-files.ts';
import type { EventLog } from '../event-store/event-log.ts';
import { blobName, readRuns, type BackedUpBlob, type BackupRun } from './check-backup.ts';
import { ArchiveDamaged } from './archive-errors.ts';
import { importEvents } from './import-events.ts';
import type { Place } from './place.ts';
import type { UnfitEvent } from './unfit-events.ts';

/** The largest accepted blob. It is larger than any upload. */
const BLOB_BYTES_MAX = 4 * 1024 ** 3;
const SEALS_PREFIX = 'seals/';

export interface RestoreParts {
  readonly log: Pick<EventLog, 'append' | 'readStream'>;
  readonly blobs: Pick<BlobStore, 'put'>;
  readonly place: Place;
  readonly signal?: AbortSignal;
  readonly onProgress?: (doing: 'events' | 'blobs', done: number, of: number) => void;
}

export interface Restored {
  readonly run: BackupRun;
  readonly events: number;
  readonly blobs: number;
  /** Files that the log refers to and that are missing in the backup. */
  readonly missing: readonly string[];
  /** Events that no job can use. */
  readonly unfit: readonly UnfitEvent[];
  readonly seconds: { readonly events: number; readonly blobs: number };
}

/**
 * Restores the log and the files of a backup into empty stores, in their state at the backup's last run. Files that
 * had expired at that time are not restored. After an interruption, the next restore continues.
 *
 * @throws ArchiveDamaged, HistoriesDiffer, LogUnavailable, BlobStoreUnavailable, StorageFull, the signal's reason
 */
export async function restore(parts: RestoreParts): Promise<Restored> {
  const { place, log, signal, onProgress } = parts;
  const { runs } = await readRuns(place);
  const run = runs.at(-1);
  if (run === undefined) throw new ArchiveDamaged('runs/', 'there is none: no backup was completed');
  const startedMs = performance.now();
  const wanted = new Map<string, NamedFile>();
  const { events, unfit } = await importEvents({
    log,
    place,
    until: run,
    ...(signal && { signal }),
    onProgress: (done, of) => onProgress?.('events', done, of),
    onEvent: (event) => noteFiles(wanted, event, {}),
  });
  const importedMs = performance.now();
  const blobs = runs
    .flatMap((each) => each.blobs)
    .filter(({ key }) => wanted.has(key) || key.startsWith(SEALS_PREFIX));
  for (const [index, blob] of blobs.entries()) {
    signal?.throwIfAborted();
    await putBack(parts, blob);
    wanted.delete(blob.key);
    onProgress?.('blobs', index + 1, blobs.length);
  }
  const seconds = (from: number, to: number): number => Math.round((to - from) / 10) / 100;
  return {
    run,
    events,
    blobs: blobs.length,
    missing: [...wanted.keys()],
    unfit,
    seconds: { events: seconds(startedMs, importedMs), blobs: seconds(importedMs, performance.now()) },
  };
}

async function putBack({ blobs, place }: RestoreParts, { key, sha256 }: BackedUpBlob): Promise<void> {
  try {
    await blobs.put(key, await place.read(blobName(key)), {
      maxBytes: BLOB_BYTES_MAX,
      verify: (written) => {
        if (written.sha256 !== sha256)
          throw new ArchiveDamaged(
            `${blobName(key)} (${key})`,
            'its bytes differ from those that were written',
          );
      },
    });
  } catch (error) {
    if (error instanceof BlobMissing)
      throw new ArchiveDamaged(`${blobName(key)} (${key})`, 'it is missing', { cause: error });
    // An interrupted restore has already written this blob whole.
    if (!(error instanceof BlobExists)) throw error;
  }
}
