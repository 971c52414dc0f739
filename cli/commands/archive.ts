import { resolve } from 'node:path';
import { checkArchive } from '../../archive/read-batch.ts';
import { exportEvents } from '../../archive/export-events.ts';
import { importEvents } from '../../archive/import-events.ts';
import { plainPlace, type Place } from '../../archive/place.ts';
import type { UnfitEvent } from '../../archive/unfit-events.ts';
import { BlobStoreUnavailable } from '../../blob-store/blob-errors.ts';
import { openFilesystemBlobStore } from '../../blob-store/filesystem.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createLog } from '../../runtime/log/log.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import { interruptSignal } from '../stop-asked.ts';
import { PlainFailure, usage } from '../plain-failure.ts';
import { progressOn } from '../progress.ts';
import { reachLog } from '../reach-log.ts';

const SAFE_TO_REPEAT = 'Everything written so far stays. Run the same command again to continue.';

/**
 * `docket export <folder>`. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the data folder is in use, 130 interrupted.
 */
export async function runExport(argv: readonly string[]): Promise<number> {
  const { folder, json } = asked(argv, 'export');
  const settings = loadSettings(process.env);
  const signal = interruptSignal(SAFE_TO_REPEAT);
  const progress = progressOn(process.stderr, 'Exporting');
  const place = await folderPlace(folder);
  const reached = await reachLog(settings, createLog('docket', 'error'), { alone: false });
  try {
    const { log } = reached;
    const onProgress = (position: bigint, head: bigint): void =>
      progress.show(Number(position), Number(head));
    const { manifest, added } = await exportEvents({ log, place, clock: systemClock, signal, onProgress });
    progress.end();
    if (json) console.log(JSON.stringify({ ...manifest, added }, null, 2));
    else
      console.log(
        `${added.events} events in ${added.batches} batches written; ${folder} has ${manifest.events} events in ` +
          `${manifest.batches} batches, up to position ${manifest.position}.`,
      );
    return 0;
  } finally {
    progress.end();
    await reached.close();
  }
}

/**
 * `docket import <folder>`. Exit codes as for `export`; 1 also when the folder is damaged or belongs to another
 * history.
 */
export async function runImport(argv: readonly string[]): Promise<number> {
  const { folder, json, check } = asked(argv, 'import');
  const settings = loadSettings(process.env);
  const signal = interruptSignal(SAFE_TO_REPEAT);
  const progress = progressOn(process.stderr, check ? 'Checking' : 'Importing');
  const place = await folderPlace(folder);
  if (check) {
    const manifest = await checkArchive(place, { signal, onProgress: progress.show });
    progress.end();
    if (json) console.log(JSON.stringify(manifest, null, 2));
    else console.log(`${folder} is whole: ${manifest.events} events in ${manifest.batches} batches.`);
    return 0;
  }
  const reached = await reachLog(settings, createLog('docket', 'error'), { alone: true });
  try {
    const { log } = reached;
    const imported = await importEvents({
      log,
      place,
      signal,
      onProgress: progress.show,
    });
    progress.end();
    if (json) console.log(JSON.stringify(imported, null, 2));
    else {
      const { events, batches, skippedBatches, unfit } = imported;
      const skipped = skippedBatches > 0 ? `, ${skippedBatches} of which it had already` : '';
      console.log(`The log has the ${events} events of ${batches} batches${skipped}.`);
      for (const each of unfit) console.log(unfitSentence(each));
    }
    return 0;
  } finally {
    progress.end();
    await reached.close();
  }
}

/** Makes the sentence about an event of the log that no job can use. */
export function unfitSentence({ stream, revision, why }: UnfitEvent): string {
  return `  held or skipped: event ${revision} of ${stream}: ${why.replace(/\.$/, '')}.`;
}

function asked(argv: readonly string[], name: string): { folder: string; json: boolean; check: boolean } {
  const [given, ...more] = argv.filter((argument) => !argument.startsWith('--'));
  if (given === undefined || more.length > 0) throw usage(`Name one folder: docket ${name} <folder>.`);
  return { folder: resolve(given), json: argv.includes('--json'), check: argv.includes('--check') };
}

/**
 * Opens a folder for an archive without encryption: whoever can read the folder can read the archive. `docket backup`
 * encrypts.
 * @throws PlainFailure when the folder is unusable; the sentence names the folder, because the folder does not belong
 * to the blob store
 */
export async function folderPlace(directory: string): Promise<Place> {
  try {
    return plainPlace(await openFilesystemBlobStore({ directory }));
  } catch (error) {
    if (!(error instanceof BlobStoreUnavailable)) throw error;
    throw new PlainFailure('FOLDER_UNUSABLE', `The folder ${directory} cannot be used: ${error.why}.`, {
      cause: error,
    });
  }
}
