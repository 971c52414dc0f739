import type { BlobStore } from '../../blob-store/blob-store.ts';
import type { ReceivedFile } from './received-file.ts';

/**
 * Longest time between a stored file and its event, which follows when the form is complete. After an hour, retention
 * regards a PDF without an event as an orphan. The remaining time of this hour allows for differences between clocks.
 */
export const FILE_WAIT_MS_MAX = 45 * 60 * 1000;

/** Refuses the files that waited too long for the end of their form, and removes their blobs. */
export async function refuseLongWaiting(
  blobs: BlobStore,
  files: readonly ReceivedFile[],
  nowMs: number,
): Promise<ReceivedFile[]> {
  const kept: ReceivedFile[] = [];
  for (const file of files) {
    if ('refused' in file || nowMs - file.stored.storedAtMs <= FILE_WAIT_MS_MAX) {
      kept.push(file);
      continue;
    }
    const { filename, stored } = file;
    // A failed removal leaves an orphan, which retention removes.
    await blobs.remove(stored.key).catch(() => undefined);
    const message = 'This file waited too long for the others of its form; send it in a smaller one.';
    kept.push({ filename, refused: { code: 'BAD_REQUEST', message, bytes: stored.bytes } });
  }
  return kept;
}
