import { BlobMissing } from '../blob-store/blob-errors.ts';
import { ArchiveDamaged } from './archive-errors.ts';
import { eventOfLine, type ArchivedEvent } from './event-line.ts';
import { batchName, type BatchLink, readLinks, readManifest, type Manifest } from './links.ts';
import type { Place } from './place.ts';
import { sha256Of } from '../schemas/sha256.ts';

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

/**
 * Returns the events of a batch, in the order of the log, after every check that needs no log. The function returns
 * either a whole correct batch or nothing.
 *
 * @throws ArchiveDamaged naming file and line; BlobStoreUnavailable
 */
export async function readBatch(place: Place, link: BatchLink): Promise<readonly ArchivedEvent[]> {
  const name = batchName(link.batch);
  const content = await contentOf(place, name, link.bytes);
  if (sha256Of(content) !== link.sha256)
    throw new ArchiveDamaged(name, 'its bytes differ from those that were written');
  const lines = content.toString('utf8').split('\n');
  if (lines.pop() !== '' || lines.length !== link.events)
    throw new ArchiveDamaged(name, `it has ${lines.length} events instead of ${link.events}`);
  const events = lines.map((line, index) => {
    const event = eventOfLine(line);
    if ('wrong' in event) throw new ArchiveDamaged(`${name}, line ${index + 1}`, event.wrong);
    return event;
  });
  assertOrdered(name, events);
  assertEnds(name, link, events);
  return events;
}

/** Reads no more bytes than the link says, because a wrong file may be larger than the memory. */
async function contentOf(place: Place, name: string, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let read = 0;
  try {
    for await (const chunk of (await place.read(name)) as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      read += chunk.length;
      if (read > bytes) throw new ArchiveDamaged(name, `it has more bytes than ${bytes}`);
    }
  } catch (error) {
    if (error instanceof BlobMissing) throw new ArchiveDamaged(name, 'it is missing', { cause: error });
    throw error;
  }
  if (read < bytes) throw new ArchiveDamaged(name, `it has ${read} bytes instead of ${bytes}`);
  return Buffer.concat(chunks);
}

/** Checks that positions rise, that the events of a stream follow one another, and that no id comes twice. */
function assertOrdered(name: string, events: readonly ArchivedEvent[]): void {
  const ids = new Set<string>();
  const revisions = new Map<string, bigint>();
  let position = -1n;
  events.forEach((event, index) => {
    const where = `${name}, line ${index + 1}`;
    const before = revisions.get(event.stream);
    if (ids.has(event.id)) throw new ArchiveDamaged(where, `event ${event.id} occurs twice`);
    if (event.position <= position) throw new ArchiveDamaged(where, 'it is out of order');
    if (before !== undefined && event.revision <= before)
      throw new ArchiveDamaged(
        where,
        `event ${event.revision} of ${event.stream} comes after event ${before}`,
      );
    if (before !== undefined && event.revision > before + 1n)
      throw new ArchiveDamaged(where, `${event.stream} has a gap after event ${before}`);
    ids.add(event.id);
    revisions.set(event.stream, event.revision);
    position = event.position;
  });
}

function assertEnds(name: string, { first, last }: BatchLink, events: readonly ArchivedEvent[]): void {
  for (const [end, event] of [
    [first, events[0]],
    [last, events.at(-1)],
  ] as const)
    if (event?.id !== end.id || event.position.toString() !== end.position)
      throw new ArchiveDamaged(name, 'it does not begin and end where its link says');
}
