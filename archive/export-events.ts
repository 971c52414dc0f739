import { BlobMissing } from '../blob-store/blob-errors.ts';
import type { EventLog, RecordedEvent } from '../event-store/event-log.ts';
import { isoNow, type Clock } from '../runtime/clock.ts';
import { FOLLOWED_STREAM_PREFIXES, REJECTED_UPLOADS_STREAM } from '../schemas/events/streams.ts';
import { HistoriesDiffer } from './archive-errors.ts';
import { lineOf } from './event-line.ts';
import {
  BATCH_BYTES_MAX,
  batchName,
  linkName,
  manifestName,
  readLinks,
  readManifest,
  stored,
  type BatchLink,
  type Links,
  type Manifest,
} from './links.ts';
import type { Place } from './place.ts';
import { sha256Of } from '../schemas/sha256.ts';

/** A batch ends at the first of these limits. Memory holds one whole batch. */
const BATCH_EVENTS_MAX = 5_000;

export interface ExportParts {
  readonly log: Pick<EventLog, 'readAll' | 'readStream' | 'head'>;
  readonly place: Place;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  readonly onProgress?: (position: bigint, head: bigint) => void;
  /** Most events of a batch; `BATCH_EVENTS_MAX` by default. */
  readonly batchEventsMax?: number;
  /** Receives every event that this run writes. */
  readonly onEvent?: (event: RecordedEvent) => void;
}

export interface Exported {
  readonly manifest: Manifest;
  /** Number of batches and events that this run added. */
  readonly added: { readonly batches: number; readonly events: number };
}

/**
 * Writes the events that the archive does not have yet, up to the present end of the log, in numbered batches. Each
 * batch has a link, which holds the hashes of the batch and of the previous link. A manifest ends the run. An
 * interrupted run continues, and another run adds new events. Memory does not grow with the log.
 *
 * The export omits idempotency keys: they last only a day, and a repeated upload is the same job without them.
 * `rejected-uploads` loses its oldest events by age, so the export numbers its events from 0.
 *
 * @throws HistoriesDiffer when the archive is of another log; ArchiveDamaged; LogUnavailable; BlobStoreUnavailable;
 * the signal's reason, between two batches
 */
export async function exportEvents(parts: ExportParts): Promise<Exported> {
  const { log, place } = parts;
  const before = await readLinks(place);
  const closed = await readManifest(place);
  const head = await log.head();
  await assertSameHistory(parts, before, head);
  const writer = batchWriter(place, before, parts.batchEventsMax ?? BATCH_EVENTS_MAX);
  const after = before.links.at(-1)?.last.position;
  const filter = { streamPrefixes: FOLLOWED_STREAM_PREFIXES };
  for await (const event of log.readAll(after === undefined ? 'start' : BigInt(after), filter)) {
    if (event.position > head) break;
    if (writer.isFull()) {
      await writer.flush();
      parts.signal?.throwIfAborted();
      parts.onProgress?.(event.position, head);
    }
    writer.add(event);
    parts.onEvent?.(event);
  }
  await writer.flush();
  const { links, end } = writer.links();
  const added = { batches: links.length - before.links.length, events: 0 };
  added.events = eventsOf(links) - eventsOf(before.links);
  if (closed && closed.manifest.link === end && closed.manifest.batches === links.length)
    return { manifest: closed.manifest, added };
  const manifest: Manifest = {
    format: 'docket.archive.v1',
    createdAt: isoNow(parts.clock),
    batches: links.length,
    events: eventsOf(links),
    position: head.toString(),
    link: end,
  };
  await place.write(manifestName((closed?.run ?? 0) + 1), stored(manifest));
  return { manifest, added };
}

const eventsOf = (links: readonly BatchLink[]): number => links.reduce((sum, { events }) => sum + events, 0);

/** Checks that the log has the last event of the archive, at its place. */
async function assertSameHistory({ log }: ExportParts, { links }: Links, head: bigint): Promise<void> {
  const last = links.at(-1)?.last;
  if (last === undefined) return;
  if (BigInt(last.position) > head) throw new HistoriesDiffer('the log ends before the archive does');
  // A stream that loses its oldest events by age cannot be compared.
  if (last.stream === REJECTED_UPLOADS_STREAM) return;
  for await (const event of log.readStream(last.stream, BigInt(last.revision))) {
    if (event.id === last.id && event.position === BigInt(last.position)) return;
    break;
  }
  throw new HistoriesDiffer(
    `event ${last.revision} of ${last.stream} in the log is not the archive's last one`,
  );
}

/** Collects lines. Writes first the batch and then its link. A batch without a link counts as not written. */
function batchWriter(place: Place, before: Links, batchEventsMax: number) {
  const links = [...before.links];
  let end = before.end;
  const renumbered = { ...before.links.at(-1)?.renumbered };
  let lines: string[] = [];
  let bytes = 0;
  let first: BatchLink['first'] | null = null;
  let last: BatchLink['first'] | null = null;

  const revisionOf = ({ stream, revision }: RecordedEvent): bigint => {
    if (stream !== REJECTED_UPLOADS_STREAM) return revision;
    const next = renumbered[stream] ?? 0;
    renumbered[stream] = next + 1;
    return BigInt(next);
  };
  return {
    isFull: () => lines.length >= batchEventsMax || bytes >= BATCH_BYTES_MAX,
    add: (event: RecordedEvent): void => {
      const revision = revisionOf(event);
      const line = lineOf(event, revision);
      lines.push(line);
      bytes += Buffer.byteLength(line);
      const { stream, id, position } = event;
      last = { stream, id, revision: revision.toString(), position: position.toString() };
      first ??= last;
    },
    flush: async (): Promise<void> => {
      if (first === null || last === null) return;
      const content = Buffer.from(lines.join(''));
      const batch = links.length + 1;
      const link: BatchLink = {
        format: 'docket.batch.v1',
        batch,
        events: lines.length,
        bytes: content.length,
        sha256: sha256Of(content),
        first,
        last,
        renumbered: { ...renumbered },
        previous: end,
      };
      await removeLeftover(place, batchName(batch));
      await place.write(batchName(batch), content);
      await place.write(linkName(batch), stored(link));
      links.push(link);
      end = sha256Of(stored(link));
      lines = [];
      bytes = 0;
      first = null;
      last = null;
    },
    links: (): Links => ({ links, end }),
  };
}

/** Removes a batch without a link, which an interrupted run left. */
async function removeLeftover(place: Place, name: string): Promise<void> {
  try {
    (await place.read(name)).destroy();
  } catch (error) {
    if (error instanceof BlobMissing) return;
    throw error;
  }
  await place.remove(name);
}
