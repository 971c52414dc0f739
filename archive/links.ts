import { z } from 'zod';
import { PositionText, Sha256 } from '../schemas/ids.ts';
import { ArchiveDamaged } from './archive-errors.ts';
import { readWhole, type Place } from './place.ts';
import { sha256Of } from '../schemas/sha256.ts';

/** A batch ends at this size, and only its last line may exceed it. A reader accepts no larger batch. */
export const BATCH_BYTES_MAX = 8 * 1024 * 1024;
/**
 * Most bytes of a line. The limit is larger than any event. Stores accept at most 16 MiB (EventStoreDB,
 * MaxAppendSize), and JSON may need more bytes.
 */
const LINE_BYTES_MAX = 64 * 1024 * 1024;

const EventRef = z.strictObject({
  stream: z.string(),
  revision: PositionText,
  id: z.uuid(),
  position: PositionText,
});

/**
 * A link, `batches/NNNNNN.json`, with the hash of its batch and of the previous link. So a link protects every
 * earlier batch too.
 */
export const BatchLink = z.strictObject({
  format: z.literal('docket.batch.v1'),
  batch: z.number().int().min(1),
  events: z.number().int().min(1),
  bytes: z
    .number()
    .int()
    .min(1)
    .max(BATCH_BYTES_MAX + LINE_BYTES_MAX),
  sha256: Sha256,
  first: EventRef,
  last: EventRef,
  /** Number of events so far in the streams that get new numbers, see `export-events.ts`. */
  renumbered: z.record(z.string(), z.number().int()),
  /** SHA-256 of the previous stored link; null for the first batch. */
  previous: Sha256.nullable(),
});
export type BatchLink = z.infer<typeof BatchLink>;

/** The end of a run that reached the end of the log: `manifest/NNNNNN.json`, numbered by its batches. */
export const Manifest = z.strictObject({
  format: z.literal('docket.archive.v1'),
  createdAt: z.iso.datetime({ precision: 3 }),
  batches: z.number().int().min(0),
  events: z.number().int().min(0),
  /** The position up to which the run read the log. */
  position: PositionText,
  /** SHA-256 of the last batch's link; null when there is none. */
  link: Sha256.nullable(),
});
export type Manifest = z.infer<typeof Manifest>;

export const batchName = (batch: number): string => `batches/${numbered(batch)}.jsonl`;
export const linkName = (batch: number): string => `batches/${numbered(batch)}.json`;
export const manifestName = (run: number): string => `manifest/${numbered(run)}.json`;

const numbered = (number: number): string => String(number).padStart(6, '0');

/** JSON as archives store it. The next link has the hash of these bytes. */
export function stored(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 1)}\n`);
}

/** The links of an archive, each checked against the previous link. `end` is the hash of the last link. */
export interface Links {
  readonly links: readonly BatchLink[];
  readonly end: string | null;
}

/**
 * Reads links, beginning with the first, until a link is missing or `batches` links are read.
 * @throws ArchiveDamaged when a link does not follow the previous link, or when one of the first `batches` links is
 * missing
 */
export async function readLinks(place: Place, batches?: number): Promise<Links> {
  const links: BatchLink[] = [];
  let end: string | null = null;
  while (batches === undefined || links.length < batches) {
    const name = linkName(links.length + 1);
    const content = await readWhole(place, name);
    if (content === null) {
      if (batches === undefined) break;
      throw new ArchiveDamaged(name, `it is missing, and ${batches} batches are announced`);
    }
    const link = parsedAs(BatchLink, content, name);
    if (link.batch !== links.length + 1) throw new ArchiveDamaged(name, `it is of batch ${link.batch}`);
    if (link.previous !== end) throw new ArchiveDamaged(name, 'it does not follow the batch before');
    const before = links.at(-1);
    if (before && BigInt(link.first.position) <= BigInt(before.last.position))
      throw new ArchiveDamaged(name, 'its first event does not come after the batch before');
    links.push(link);
    end = sha256Of(content);
  }
  return { links, end };
}

/**
 * The newest manifest and its number; null when there is none.
 * @throws ArchiveDamaged
 */
export async function readManifest(place: Place): Promise<{ run: number; manifest: Manifest } | null> {
  let run = 0;
  for await (const name of place.names('manifest/')) {
    const number = Number(/^manifest\/(\d{6})\.json$/.exec(name)?.[1] ?? 0);
    run = Math.max(run, number);
  }
  if (run === 0) return null;
  const name = manifestName(run);
  const content = await readWhole(place, name);
  return content && { run, manifest: parsedAs(Manifest, content, name) };
}

/**
 * Parses JSON of a shape.
 * @throws ArchiveDamaged
 */
export function parsedAs<Shape extends z.ZodType>(
  shape: Shape,
  content: Buffer,
  name: string,
): z.infer<Shape> {
  try {
    return shape.parse(JSON.parse(content.toString('utf8')));
  } catch (error) {
    throw new ArchiveDamaged(name, 'it cannot be read', { cause: error });
  }
}
