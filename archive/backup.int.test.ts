import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { BlobStore } from '../blob-store/blob-store.ts';
import { openFilesystemBlobStore } from '../blob-store/filesystem.ts';
import { jobDecider } from '../conversion-job/decider.ts';
import { noteFiles, type NamedFile } from '../conversion-job/named-files.ts';
import { handleCommand } from '../event-store/handle-command.ts';
import { systemClock } from '../runtime/clock.ts';
import { jobStream } from '../schemas/events/streams.ts';
import {
  allEvents,
  appendJob,
  jobHistory,
  startStoreWithLog,
  type StoreWithLog,
} from '../tests/harness/job-log.ts';
import { openS3BlobStore } from '../blob-store/s3.ts';
import { createLog } from '../runtime/log/log.ts';
import { startS3Double } from '../tests/harness/s3-double/s3-double.ts';
import { backUp } from './backup.ts';
import { openBackupKey } from './backup-key.ts';
import { checkBackup } from './check-backup.ts';
import { placeUnder, plainPlace, type Place, encryptedPlace } from './place.ts';
import { restore } from './restore.ts';
import { sha256Of } from '../schemas/sha256.ts';

const secret = { keyFile: randomBytes(48) };
let scratch: string;
let source: StoreWithLog;
let blobs: BlobStore;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'docket-backup-'));
  source = await startStoreWithLog();
  blobs = await folder('blobs');
}, 60_000);
afterAll(async () => {
  await source.stop();
  await rm(scratch, { recursive: true, force: true });
});

const folder = (name: string): Promise<BlobStore> =>
  openFilesystemBlobStore({ directory: join(scratch, name) });
const encryptedAt = async (place: Place, options = { create: true }): Promise<Place> =>
  encryptedPlace(place, await openBackupKey(place, secret, options));
const backupAt = async (name: string): Promise<Place> => encryptedAt(plainPlace(await folder(name)));

/** A job in the log and its PDF and result in the blob store; both files have the hash that the history gives them. */
async function addJob(number: number): Promise<string> {
  const { jobId } = jobHistory(number);
  for (const key of [`sources/${jobId}.pdf`, `results/${jobId}/2`])
    await blobs.put(key, Readable.from([Buffer.from(`pdf ${number}`)]), { maxBytes: 1_000 });
  return appendJob(source.log, number);
}

async function expirePdf(jobId: string): Promise<void> {
  const decider = jobDecider({ maxAttempts: 3, backoffMs: 1, backoffMaxMs: 1, jobTimeoutMs: 1 });
  const command = { type: 'ExpireSource', at: new Date().toISOString(), cause: 'age' } as const;
  const context = { commandId: `expire ${jobId}`, correlationId: 'c', actor: 'system' };
  await handleCommand(source.log, decider, jobStream(jobId), command, context);
  await blobs.remove(`sources/${jobId}.pdf`);
}

const run = (place: Place, from: BlobStore = blobs) =>
  backUp({
    log: source.log,
    blobs: from,
    place,
    clock: systemClock,
    processorId: 'p1',
    identity: { 'session-keys': Buffer.from('secret').toString('base64') },
  });

async function due(): Promise<Map<string, NamedFile>> {
  const files = new Map<string, NamedFile>();
  for (const event of await allEvents(source.log)) noteFiles(files, event, {});
  return files;
}

/** Restores into empty stores and compares events and every file that is due, byte for byte. */
async function expectRestored(place: Place): Promise<void> {
  const target = await startStoreWithLog();
  try {
    const files = await folder(`restored-${randomBytes(4).toString('hex')}`);
    const restored = await restore({ log: target.log, blobs: files, place });
    expect(restored.missing).toEqual([]);
    const bare = async (log: StoreWithLog['log']) =>
      (await allEvents(log)).map(({ id, stream, revision, metadata, data }) => ({
        id,
        stream,
        revision,
        metadata,
        data,
      }));
    expect(await bare(target.log)).toEqual(await bare(source.log));
    const wanted = await due();
    const keys: string[] = [];
    for await (const { key } of files.list('')) keys.push(key);
    expect(keys.toSorted()).toEqual([...wanted.keys()].toSorted());
    for (const [key, { sha256 }] of wanted) {
      const bytes = await buffer((await files.open(key)).stream);
      expect(sha256Of(bytes)).toBe(sha256);
      expect(bytes.equals(await buffer((await blobs.open(key)).stream))).toBe(true);
    }
  } finally {
    await target.stop();
  }
}

describe('backup and restore', () => {
  it('full, then incremental with an expired file, then wiped and restored: the same events and files', async () => {
    const first = await addJob(1);
    const second = await addJob(2);
    const place = await backupAt('backup');
    expect(await run(place)).toMatchObject({ events: 8, faults: [], run: { run: 1, blobs: { length: 4 } } });
    expect(await checkBackup(place, { lastRunOnly: true })).toEqual({ runs: 1, events: 8, blobs: 4 });
    await addJob(3);
    await expirePdf(first);
    expect(await run(place)).toMatchObject({ events: 5, faults: [], run: { run: 2, blobs: { length: 2 } } });
    expect(await checkBackup(place, { lastRunOnly: true })).toEqual({ runs: 2, events: 5, blobs: 2 });
    expect(await checkBackup(place, { lastRunOnly: false })).toEqual({ runs: 2, events: 13, blobs: 6 });
    await expectRestored(place);
    const stored = await readdir(join(scratch, 'backup'), { recursive: true });
    for (const name of stored.filter((each) => /batches.*jsonl$|^blobs\/[0-9a-f]+$/.test(each)))
      expect((await readFile(join(scratch, 'backup', name))).includes(second)).toBe(false);
  }, 60_000);

  it('a run that was cut after the events is completed by the next: its files are not forgotten', async () => {
    await addJob(4);
    const place = await backupAt('cut');
    const dying: Place = {
      ...place,
      write: (name, content) =>
        name.startsWith('runs/') ? Promise.reject(new Error('cut')) : place.write(name, content),
    };
    await expect(run(dying)).rejects.toThrow('cut');
    await expect(checkBackup(place, { lastRunOnly: true })).rejects.toMatchObject({
      code: 'ARCHIVE_DAMAGED',
    });
    await addJob(5);
    await run(place);
    await expectRestored(place);
  }, 60_000);

  it('a file that is gone or changed is named, and the rest is in the backup', async () => {
    const place = await backupAt('faulty');
    const { jobId } = jobHistory(2);
    const gone = `sources/${jobId}.pdf`;
    const changed = `results/${jobId}/2`;
    const broken: BlobStore = {
      ...blobs,
      open: async (key) =>
        key === changed
          ? { stream: Readable.from([Buffer.from('pdf x')]), bytes: 5 }
          : blobs.open(key === gone ? 'sources/none' : key),
    };
    const { faults } = await run(place, broken);
    expect(faults.toSorted((a, b) => (a.blobKey < b.blobKey ? -1 : 1))).toEqual([
      { blobKey: changed, message: expect.stringContaining('differ from the 10 bytes of its event') },
      { blobKey: gone, message: 'it is missing' },
    ]);
  }, 60_000);

  it('another key, another kind of key and a changed file are refused', async () => {
    const place = plainPlace(await folder('backup'));
    for (const wrong of [
      { keyFile: randomBytes(48) },
      { passphrase: 'correct horse battery' },
      { keyFile: randomBytes(5) },
    ])
      await expect(openBackupKey(place, wrong, { create: false })).rejects.toMatchObject({
        code: 'BACKUP_KEY_REFUSED',
      });
    const damaged = join(scratch, 'damaged');
    await cp(join(scratch, 'backup'), damaged, { recursive: true });
    const [name] = (await readdir(join(damaged, 'blobs'))).filter((each) => !each.startsWith('.'));
    const path = join(damaged, 'blobs', name!);
    const bytes = await readFile(path);
    bytes[45]! ^= 1;
    await writeFile(path, bytes);
    const opened = await encryptedAt(plainPlace(await openFilesystemBlobStore({ directory: damaged })), {
      create: false,
    });
    await expect(checkBackup(opened, { lastRunOnly: false })).rejects.toMatchObject({
      code: 'ARCHIVE_DAMAGED',
      message: expect.stringContaining(name!),
    });
  }, 60_000);

  it('a passphrase opens what it closed, and S3 is a place like a folder', async () => {
    const passphrase = 'correct horse battery staple';
    const place = plainPlace(await folder('words'));
    expect(await openBackupKey(place, { passphrase }, { create: true })).toEqual(
      await openBackupKey(place, { passphrase }, { create: false }),
    );
    const double = await startS3Double();
    try {
      const bucket = openS3BlobStore({
        bucket: double.bucket,
        region: double.region,
        endpoint: double.endpoint,
        credentials: double.credentials,
        forcePathStyle: true,
        serverSideEncryption: 'none',
        timeoutMs: 5_000,
        log: createLog('test', 'silent'),
      });
      const inBucket = await encryptedAt(placeUnder(plainPlace(bucket), 'backups/docket/'));
      await run(inBucket);
      await expectRestored(inBucket);
    } finally {
      await double.close();
    }
  }, 60_000);
});
