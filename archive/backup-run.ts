import { z } from 'zod';
import { PositionText, Sha256 } from '../schemas/ids.ts';
import { ArchiveDamaged } from './archive-errors.ts';
import { parsedAs, stored } from './links.ts';
import { readWhole, type Place } from './place.ts';
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

export const runName = (run: number): string => `runs/${String(run).padStart(6, '0')}.json`;
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
