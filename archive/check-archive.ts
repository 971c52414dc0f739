import { ArchiveDamaged } from './archive-errors.ts';
import { readLinks, readManifest, type Manifest } from './links.ts';
import type { Place } from './place.ts';
import { readBatch } from './read-batch.ts';

/**
 * Reads a whole archive and makes every check that needs no log.
 * @throws ArchiveDamaged; BlobStoreUnavailable; the signal's reason, between two batches
 */
export async function checkArchive(
  place: Place,
  options: { signal?: AbortSignal; onProgress?: (events: number, of: number) => void } = {},
): Promise<Manifest> {
  const closed = await readManifest(place);
  if (closed === null) throw new ArchiveDamaged('manifest/', 'there is none: the export was not completed');
  const { manifest } = closed;
  const { links, end } = await readLinks(place, manifest.batches);
  if (end !== manifest.link)
    throw new ArchiveDamaged('manifest/', 'it does not match the batches that exist');
  let events = 0;
  for (const link of links) {
    options.signal?.throwIfAborted();
    events += (await readBatch(place, link)).length;
    options.onProgress?.(events, manifest.events);
  }
  return manifest;
}
