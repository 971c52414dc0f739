import { BlobMissing } from '../blob-store/blob-errors.ts';
import { blobName, readRuns, type BackedUpBlob } from './backup-run.ts';
import { ArchiveDamaged } from './archive-errors.ts';
import { hashing } from './hashing.ts';
import { readLinks } from './links.ts';
import type { Place } from './place.ts';
import { readBatch } from './read-batch.ts';

export interface BackupChecked {
  readonly runs: number;
  readonly events: number;
  readonly blobs: number;
}

/**
 * Reads and decrypts a backup, and compares it with its own hashes.
 *
 * @param options.lastRunOnly true: checks only what the last run added; false: checks everything
 * @throws ArchiveDamaged, BlobStoreUnavailable, the signal's reason
 */
export async function checkBackup(
  place: Place,
  options: {
    readonly lastRunOnly: boolean;
    readonly signal?: AbortSignal;
    readonly onProgress?: (done: number, of: number) => void;
  },
): Promise<BackupChecked> {
  const { runs } = await readRuns(place);
  const last = runs.at(-1);
  if (last === undefined) throw new ArchiveDamaged('runs/', 'there is none: no backup was completed');
  const { links, end } = await readLinks(place, last.batches);
  if (end !== last.link)
    throw new ArchiveDamaged('runs/', 'the last run does not match the batches that exist');
  const known = options.lastRunOnly ? (runs.at(-2)?.batches ?? 0) : 0;
  const batches = links.slice(known);
  const blobs = (options.lastRunOnly ? [last] : runs).flatMap((run) => run.blobs);
  let done = 0;
  let events = 0;
  const step = (): void => {
    options.signal?.throwIfAborted();
    options.onProgress?.((done += 1), batches.length + blobs.length);
  };
  for (const link of batches) {
    events += (await readBatch(place, link)).length;
    step();
  }
  for (const blob of blobs) {
    await assertBlob(place, blob);
    step();
  }
  return { runs: runs.length, events, blobs: blobs.length };
}

async function assertBlob(place: Place, { key, sha256 }: BackedUpBlob): Promise<void> {
  const where = `${blobName(key)} (${key})`;
  try {
    const read = hashing(await place.read(blobName(key)));
    for await (const _chunk of read.chunks);
    if (read.result().sha256 !== sha256)
      throw new ArchiveDamaged(where, 'its bytes differ from those that were written');
  } catch (error) {
    if (error instanceof BlobMissing) throw new ArchiveDamaged(where, 'it is missing', { cause: error });
    throw error;
  }
}
