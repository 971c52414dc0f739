import { Readable } from 'node:stream';
import type { BlobStore } from '../blob-store/blob-store.ts';
import { BlobExists, BlobMissing } from '../blob-store/blob-errors.ts';
import { fileEndedBy, noteFiles, type NamedFile } from '../conversion-job/named-files.ts';
import type { EventLog } from '../event-store/event-log.ts';
import { isoNow, type Clock } from '../runtime/clock.ts';
import {
  blobName,
  readRuns,
  writeRun,
  type BackedUpBlob,
  type BackupRun,
  type BackupRuns,
} from './check-backup.ts';
import { exportEvents, type Exported } from './export-events.ts';
import { hashing } from './hashing.ts';
import { readLinks } from './links.ts';
import type { Place } from './place.ts';
import { readBatch } from './read-batch.ts';

/** Most rounds of reading the log again for files that expired while the backup ran. */
const ROUNDS_MAX = 5;
/** Prefix of blobs that no event names and that a backup still contains. */
const SEALS_PREFIX = 'seals/';

export interface BackupParts {
  readonly log: Pick<EventLog, 'readAll' | 'readStream' | 'head'>;
  readonly blobs: Pick<BlobStore, 'open' | 'list'>;
  /** The encrypted place of the backup. */
  readonly place: Place;
  readonly clock: Clock;
  readonly processorId: string;
  /** Files of the data folder by name, in base64. */
  readonly identity: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (doing: 'events' | 'blobs', done: number, of: number) => void;
}

export interface BackupFault {
  readonly blobKey: string;
  readonly message: string;
}

export interface BackedUp {
  readonly run: BackupRun;
  readonly events: number;
  /** Files that the log refers to and that the run could not back up. */
  readonly faults: readonly BackupFault[];
}

/**
 * Adds to a backup everything new since its last run: events, their files, seals, and the keys of this Docket. The
 * first run is a full backup. Docket may keep running. A file is stored before its event, so every file of the events
 * read exists unless it has expired. For an expired file, the backup reads on in the log until it finds the event of
 * the expiry.
 *
 * @throws HistoriesDiffer, ArchiveDamaged, LogUnavailable, BlobStoreUnavailable, StorageFull, the signal's reason
 */
export async function backUp(parts: BackupParts): Promise<BackedUp> {
  const { place } = parts;
  const before = await readRuns(place);
  const have = new Set(before.runs.flatMap(({ blobs }) => blobs.map(({ key }) => key)));
  const added: BackedUpBlob[] = [];
  const wanted = new Map<string, NamedFile>();
  const faults = new Map<string, string>();
  await noteCutRun(parts, before, wanted);
  let exported: Exported;
  let events = 0;
  let rounds = 0;
  do {
    exported = await exportRound(parts, wanted, faults);
    events += exported.added.events;
    await copyWanted(parts, wanted, { have, added, faults });
    rounds += 1;
  } while (faults.size > 0 && rounds < ROUNDS_MAX && exported.added.events > 0);
  await copySeals(parts, { have, added });
  const run: BackupRun = {
    format: 'docket.backup-run.v1',
    run: before.runs.length + 1,
    at: isoNow(parts.clock),
    position: exported.manifest.position,
    batches: exported.manifest.batches,
    link: exported.manifest.link,
    blobs: added,
    processorId: parts.processorId,
    identity: { ...parts.identity },
    previous: before.end,
  };
  await writeRun(place, run);
  return { run, events, faults: [...faults].map(([blobKey, message]) => ({ blobKey, message })) };
}

/** Handles the batches of an interrupted run: the backup has the events of these batches, but perhaps not all files. */
async function noteCutRun(
  { place }: BackupParts,
  { runs }: BackupRuns,
  wanted: Map<string, NamedFile>,
): Promise<void> {
  const { links } = await readLinks(place);
  for (const link of links.slice(runs.at(-1)?.batches ?? 0))
    for (const event of await readBatch(place, link)) noteFiles(wanted, event, {});
}

async function exportRound(
  { log, place, clock, signal, onProgress }: BackupParts,
  wanted: Map<string, NamedFile>,
  faults: Map<string, string>,
): Promise<Exported> {
  return exportEvents({
    log,
    place,
    clock,
    ...(signal && { signal }),
    onProgress: (position, head) => onProgress?.('events', Number(position), Number(head)),
    onEvent: (event) => {
      noteFiles(wanted, event, {});
      const ended = fileEndedBy(event);
      if (ended !== null) faults.delete(ended);
    },
  });
}

interface Copied {
  readonly have: Set<string>;
  readonly added: BackedUpBlob[];
}

async function copyWanted(
  parts: BackupParts,
  wanted: Map<string, NamedFile>,
  { have, added, faults }: Copied & { faults: Map<string, string> },
): Promise<void> {
  let done = 0;
  const of = wanted.size;
  for (const { blobKey, sha256, bytes } of wanted.values()) {
    parts.signal?.throwIfAborted();
    parts.onProgress?.('blobs', (done += 1), of);
    wanted.delete(blobKey);
    if (have.has(blobKey)) continue;
    try {
      const copied = await copy(parts, blobKey);
      if (copied.sha256 !== sha256) {
        await parts.place.remove(blobName(blobKey));
        faults.set(
          blobKey,
          `it has ${copied.bytes} bytes, which differ from the ${bytes} bytes of its event`,
        );
        continue;
      }
      have.add(blobKey);
      added.push({ key: blobKey, ...copied });
    } catch (error) {
      if (!(error instanceof BlobMissing)) throw error;
      faults.set(blobKey, 'it is missing');
    }
  }
}

async function copySeals(parts: BackupParts, { have, added }: Copied): Promise<void> {
  for await (const { key } of parts.blobs.list(SEALS_PREFIX)) {
    parts.signal?.throwIfAborted();
    if (have.has(key)) continue;
    added.push({ key, ...(await copy(parts, key)) });
  }
}

/** A file that an interrupted run left under the name is written again. */
async function copy({ blobs, place }: BackupParts, key: string): Promise<{ sha256: string; bytes: number }> {
  for (let again = false; ; again = true) {
    const source = hashing((await blobs.open(key)).stream);
    try {
      await place.write(blobName(key), Readable.from(source.chunks, { objectMode: false }));
      return source.result();
    } catch (error) {
      if (!(error instanceof BlobExists) || again) throw error;
      await place.remove(blobName(key));
    }
  }
}
