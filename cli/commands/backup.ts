import { readFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { resolve, dirname, join } from 'node:path';
import { backUp } from '../../archive/backup.ts';
import { openBackupKey, type BackupSecret } from '../../archive/backup-key.ts';
import { checkBackup } from '../../archive/check-backup.ts';
import { placeUnder, plainPlace, type Place, encryptedPlace } from '../../archive/place.ts';
import { restore } from '../../archive/restore.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createLog, type Log } from '../../runtime/log/log.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import type { Settings } from '../../schemas/settings/config.ts';
import { folderPlace, unfitSentence } from './archive.ts';
import { interruptSignal } from '../stop-asked.ts';
import { openBlobs, openBucket } from '../open-stores.ts';
import { PlainFailure, usage } from '../plain-failure.ts';
import { progressOn } from '../progress.ts';
import { reachLog } from '../reach-log.ts';
import { nullIfMissing } from '../../schemas/errors/coded-error.ts';

const SAFE_TO_REPEAT = 'Everything written so far stays. Run the same command again to continue.';

/**
 * `docket backup <place>`. Exit codes: 0 done and read back. 1 failed, damaged, or a file of the log is missing. 2
 * wrong usage. 3 the data folder is in use. 130 interrupted.
 */
export async function runBackup(argv: readonly string[]): Promise<number> {
  const { settings, words, json, logger } = read(argv);
  const signal = interruptSignal(SAFE_TO_REPEAT);
  if (argv.includes('--check')) return check(argv);
  const place = await openPlace(words[0], settings, logger, { create: true });
  const blobs = await openBlobs(settings, logger);
  const reached = await reachLog(settings, logger, { alone: false });
  const startedMs = performance.now();
  const progress = progressOn(process.stderr, 'Backing up');
  try {
    const backedUp = await backUp({
      log: reached.log,
      blobs,
      place,
      clock: systemClock,
      signal,
      processorId: settings.PROCESSOR_ID ?? hostname(),
      identity: await readIdentity(resolve(settings.DATA_DIR)),
      onProgress: (_doing, done, of) => progress.show(done, of),
    });
    const checked = await checkBackup(place, { lastRunOnly: true, signal, onProgress: progress.show });
    progress.end();
    const { run, events, faults } = backedUp;
    const seconds = secondsSince(startedMs);
    const added = { run: run.run, position: run.position, events, blobs: run.blobs.length };
    if (json) console.log(JSON.stringify({ ...added, seconds, checked, faults }, null, 2));
    else {
      console.log(
        `Run ${run.run}: ${events} events and ${run.blobs.length} files added and read back in ${seconds} s, up to ` +
          `position ${run.position}. Keep the key in another place: without it nobody can read this backup.`,
      );
      for (const { blobKey, message } of faults) console.log(`  not in the backup: ${blobKey}: ${message}`);
    }
    return faults.length === 0 ? 0 : 1;
  } finally {
    progress.end();
    await reached.close();
  }
}

async function check(argv: readonly string[]): Promise<number> {
  const { settings, words, json, logger } = read(argv);
  const place = await openPlace(words[0], settings, logger, { create: false });
  const progress = progressOn(process.stderr, 'Reading back');
  const checked = await checkBackup(place, { lastRunOnly: false, onProgress: progress.show }).finally(
    progress.end,
  );
  if (json) console.log(JSON.stringify(checked, null, 2));
  else
    console.log(
      `The backup is whole: ${checked.runs} runs, ${checked.events} events, ${checked.blobs} files.`,
    );
  return 0;
}

/** `docket restore <place>`. Exit codes as for `backup`; 1 also when the backup lacks a file of its log. */
export async function runRestore(argv: readonly string[]): Promise<number> {
  const { settings, words, json, logger } = read(argv);
  const signal = interruptSignal(SAFE_TO_REPEAT);
  const startedMs = performance.now();
  const place = await openPlace(words[0], settings, logger, { create: false });
  const reached = await reachLog(settings, logger, { alone: true });
  const progress = progressOn(process.stderr, 'Restoring');
  try {
    const blobs = await openBlobs(settings, logger);
    const restored = await restore({
      log: reached.log,
      blobs,
      place,
      signal,
      onProgress: (_doing, done, of) => progress.show(done, of),
    });
    const { run, events, missing, unfit } = restored;
    const kept = await writeIdentity(resolve(settings.DATA_DIR), run.identity);
    progress.end();
    const seconds = { ...restored.seconds, all: secondsSince(startedMs) };
    if (json)
      console.log(
        JSON.stringify(
          { run: run.run, events, blobs: restored.blobs, missing, unfit, kept, seconds },
          null,
          2,
        ),
      );
    else {
      console.log(
        `Run ${run.run} of ${run.at} restored in ${seconds.all} s: ${events} events in ${seconds.events} s, ` +
          `${restored.blobs} files in ${seconds.blobs} s. \`npm start\` makes the read tables again from the log.`,
      );
      console.log(`The processor had the name ${run.processorId}. Set PROCESSOR_ID to it to keep that name.`);
      for (const name of kept)
        console.log(`  ${name} existed already and stays; the backup has another one.`);
      for (const key of missing) console.log(`  ${key} is not in the backup.`);
      for (const each of unfit) console.log(unfitSentence(each));
    }
    return missing.length === 0 ? 0 : 1;
  } finally {
    progress.end();
    await reached.close();
  }
}

function read(argv: readonly string[]) {
  const settings = loadSettings(process.env);
  const words = argv.filter((word) => !word.startsWith('--'));
  return { settings, words, json: argv.includes('--json'), logger: createLog('docket', 'error') };
}

async function openPlace(
  where: string | undefined,
  settings: Settings,
  logger: Log,
  options: { readonly create: boolean },
): Promise<Place> {
  if (where === undefined) throw usage('Name the place: a folder, or s3://bucket/prefix.');
  const place = where.startsWith('s3://')
    ? await bucketPlace(where, settings, logger)
    : await folderPlace(resolve(where));
  return encryptedPlace(place, await openBackupKey(place, await secretOf(settings), options));
}

async function bucketPlace(where: string, settings: Settings, logger: Log): Promise<Place> {
  const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]+)\/?(.*?)\/?$/.exec(where) ?? [];
  const place = plainPlace(await openBucket(bucket, settings, logger));
  return prefix === '' ? place : placeUnder(place, `${prefix}/`);
}

async function secretOf({ BACKUP_KEY_FILE, BACKUP_PASSPHRASE }: Settings): Promise<BackupSecret> {
  if (BACKUP_KEY_FILE !== undefined) {
    const keyFile = await readFile(BACKUP_KEY_FILE).catch((error: unknown) => {
      throw new PlainFailure('BACKUP_KEY_REFUSED', `The key file ${BACKUP_KEY_FILE} cannot be read.`, {
        cause: error,
      });
    });
    return { keyFile };
  }
  if (BACKUP_PASSPHRASE !== undefined) return { passphrase: BACKUP_PASSPHRASE };
  throw usage('Backups are encrypted: set BACKUP_KEY_FILE or BACKUP_PASSPHRASE.');
}

function secondsSince(ms: number): number {
  return Math.round((performance.now() - ms) / 10) / 100;
}

/** The files that identify an installation, besides its log and blobs. */
const FILES = ['session-keys', 'seal-key.pem'];
const SEALS = 'seals';

/** Reads the files by name, in base64. Leaves out missing files. */
async function readIdentity(dataDir: string): Promise<Record<string, string>> {
  const names = [...FILES, ...(await namesIn(join(dataDir, SEALS))).map((name) => `${SEALS}/${name}`)];
  const files: Record<string, string> = {};
  for (const name of names) {
    const content = await readFile(join(dataDir, name)).catch(nullIfMissing);
    if (content !== null) files[name] = content.toString('base64');
  }
  return files;
}

/**
 * Writes the files. An existing file with other content is not changed.
 * @returns the names of such files
 */
async function writeIdentity(dataDir: string, files: Readonly<Record<string, string>>): Promise<string[]> {
  const kept: string[] = [];
  for (const [name, base64] of Object.entries(files)) {
    if (!FILES.includes(name) && !/^seals\/[a-z0-9.-]+$/.test(name)) continue;
    const path = join(dataDir, name);
    const content = Buffer.from(base64, 'base64');
    const present = await readFile(path).catch(nullIfMissing);
    if (present !== null && !present.equals(content)) kept.push(name);
    if (present !== null) continue;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, content, { mode: 0o600, flag: 'wx' });
  }
  return kept;
}

async function namesIn(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(nullIfMissing);
  return (names ?? []).filter((name) => !name.startsWith('.'));
}
