import { BlobMissing } from '../blob-store/blob-errors.ts';
import { ArchiveDamaged } from './archive-errors.ts';
import { hashing } from './hashing.ts';
import { readLinks, parsedAs, stored } from './links.ts';
import { type Place, readWhole } from './place.ts';
import { readBatch } from './read-batch.ts';
import { z } from 'zod';
import { PositionText, Sha256 } from '../schemas/ids.ts';
import { sha256Of } from '../schemas/sha256.ts';

/** One blob of a backup. */
export const BackedUpBlob = z.strictObject({
  key: z.string(),
  sha256: Sha256,
  bytes: z.number().int().min(0),
});
export type BackedUpBlob = z.infer<typeof BackedUpBlob>;

/** Lists what one run added. A run writes this file last, so a run without the file does not count. */
export const BackupRun = z.strictObject({
  format: z.literal('docket.backup-run.v1'),
  run: z.number().int().min(1),
  at: z.iso.datetime({ precision: 3 }),
  /** The position up to which the run read the log. */
  position: PositionText,
  batches: z.number().int().min(0),
  /** Hash of the last batch's link. */
  link: Sha256.nullable(),
  blobs: z.array(BackedUpBlob),
  /** The name of the processor. A machine that replaces this one uses it as `PROCESSOR_ID`. */
  processorId: z.string(),
  /** Files of the data folder (`session-keys`, seal key, seals), by name, in base64. */
  identity: z.record(z.string(), z.string()),
  /** SHA-256 of the stored run before this run, decrypted. */
  previous: Sha256.nullable(),
});
export type BackupRun = z.infer<typeof BackupRun>;

const runName = (run: number): string => `runs/${String(run).padStart(6, '0')}.json`;
/** The name of a blob in the backup. It reveals nothing of the key. */
export const blobName = (key: string): string => `blobs/${sha256Of(key)}`;

export interface BackupRuns {
  readonly runs: readonly BackupRun[];
  readonly end: string | null;
}

/**
 * Reads all runs of a backup.
 * @throws ArchiveDamaged when a run is missing or does not follow the previous run; BlobStoreUnavailable
 */
export async function readRuns(place: Place): Promise<BackupRuns> {
  const numbers = new Set<string>();
  for await (const name of place.names('runs/')) numbers.add(name);
  const runs: BackupRun[] = [];
  let end: string | null = null;
  for (let run = 1; run <= numbers.size; run += 1) {
    const content = await readWhole(place, runName(run));
    if (content === null) throw new ArchiveDamaged(runName(run), 'it is missing');
    const parsed = parsedAs(BackupRun, content, runName(run));
    if (parsed.previous !== end) throw new ArchiveDamaged(runName(run), 'it does not follow the run before');
    runs.push(parsed);
    end = sha256Of(content);
  }
  return { runs, end };
}

export async function writeRun(place: Place, run: BackupRun): Promise<void> {
  await place.write(runName(run.run), stored(run));
}

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
