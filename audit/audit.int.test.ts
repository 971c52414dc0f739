import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { openFilesystemBlobStore } from '../blob-store/filesystem.ts';
import type { BlobStore } from '../blob-store/blob-store.ts';
import { connectEventLog } from '../event-store/connect.ts';
import type { EventLog } from '../event-store/event-log.ts';
import { systemClock } from '../runtime/clock.ts';
import { createLog } from '../runtime/log/log.ts';
import { jobStream } from '../schemas/events/streams.ts';
import { startTestEventStore, type TestEventStore } from '../tests/harness/event-store.ts';
import { forge, replaced, withoutLastRecord } from '../tests/harness/forged-segment.ts';
import { appendJob, jobHistory, startStoreWithLog, type StoreWithLog } from '../tests/harness/job-log.ts';
import { checkBundle } from './check-bundle.ts';
import { sealLog } from './seal-log.ts';
import { sealsInBlobs, sealsInFolder, type SealCopies } from './seal-store.ts';
import { verifyBlobs } from './verify-blobs.ts';
import { verifyLog } from './verify-log.ts';
import { verifyStreams } from './verify-streams.ts';
import { writeBundle } from './write-bundle.ts';

const JOBS = 12;
const clock = systemClock;
const { privateKey: key, publicKey } = generateKeyPairSync('ed25519');

let scratch: string;
let world: StoreWithLog;
let blobs: BlobStore;
let copies: SealCopies[];
let jobIds: string[];
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'docket-audit-'));
  world = await startStoreWithLog();
  blobs = await openFilesystemBlobStore({ directory: join(scratch, 'blobs') });
  copies = [sealsInBlobs(blobs), sealsInFolder(join(scratch, 'seals'))];
  jobIds = [];
  for (let number = 0; number < JOBS; number += 1)
    jobIds.push(await appendJob(world.log, number, number % 3 === 0 ? 'failed' : 'ready'));
  await sealLog({ log: world.log, copies, key, clock });
}, 60_000);
afterAll(async () => {
  await world.stop();
  await rm(scratch, { recursive: true, force: true });
});

const verified = (log: EventLog, keys: KeyObject[] = [publicKey]) => verifyLog({ log, copies, keys });

/** The log as it is after somebody has been at its files. */
async function forged(
  change: (segment: Buffer) => Buffer | null,
  use: (log: EventLog) => Promise<void>,
): Promise<void> {
  const store: TestEventStore = await startTestEventStore();
  await store.kill('SIGKILL');
  await rm(store.directory, { recursive: true });
  await cp(world.store.directory, store.directory, { recursive: true });
  await rm(join(store.directory, 'owner'), { force: true });
  await forge(store.directory, change);
  await store.restart();
  const log = connectEventLog({
    connectionString: store.connectionString,
    timeoutMs: 5_000,
    log: createLog('test', 'silent'),
  });
  try {
    await use(log);
  } finally {
    await log.close();
    await store.stop();
  }
}

describe('an untouched log', () => {
  it('holds, sealed and beyond the seal; each seal covers what came before it and what is new', async () => {
    expect(await verified(world.log)).toMatchObject({
      faults: [],
      seals: 1,
      unsealedEvents: 0,
      streams: JOBS,
    });
    const last = await appendJob(world.log, 100);
    expect(await verified(world.log)).toMatchObject({ faults: [], seals: 1, unsealedEvents: 4 });
    const seal = await sealLog({ log: world.log, copies, key, clock });
    expect(seal).toMatchObject({ number: 2, streams: JOBS + 1 });
    expect(await verified(world.log)).toMatchObject({ faults: [], seals: 2, unsealedEvents: 0 });
    jobIds.push(last);
  });
});

describe('tampering with the files of the event store is found and named', () => {
  it('one byte changed in an event, with every checksum made right', async () => {
    const { jobId } = jobHistory(4);
    await forged(
      (segment) => replaced(segment, 'fatura 4.pdf', 'fatura 5.pdf'),
      async (log) => {
        const { faults } = await verified(log);
        expect(faults).toEqual([
          expect.objectContaining({ kind: 'changed', stream: jobStream(jobId), revision: '0' }),
        ]);
        await expect(
          sealLog({ log, copies: [sealsInBlobs(await emptyBlobs())], key, clock }),
        ).rejects.toMatchObject({
          code: 'SEAL_REFUSED',
          message: expect.stringContaining(jobId),
        });
      },
    );
  }, 60_000);

  it('one event removed from the end of a stream', async () => {
    await forged(withoutLastRecord, async (log) => {
      const { faults } = await verified(log);
      expect(faults).toEqual([
        expect.objectContaining({ kind: 'truncated', stream: jobStream(jobIds.at(-1)!), revision: '3' }),
      ]);
    });
  }, 60_000);

  it('one stream dropped', async () => {
    const jobId = jobIds[5]!;
    await forged(
      (segment) => replaced(segment, jobStream(jobId), `gone${jobStream(jobId).slice(4)}`),
      async (log) => {
        const { faults } = await verified(log);
        expect(faults).toEqual([expect.objectContaining({ kind: 'dropped', stream: jobStream(jobId) })]);
      },
    );
  }, 60_000);
});

describe('tampering with seals is found and named', () => {
  const withFile = async (
    name: string,
    change: (text: string) => string,
    use: () => Promise<void>,
  ): Promise<void> => {
    const path = join(scratch, 'blobs', 'seals', name);
    const before = await readFile(path);
    await writeFile(path, change(before.toString('utf8')));
    try {
      await use();
    } finally {
      await writeFile(path, before);
    }
  };

  it('another count in a seal, another key, a seal gone', async () => {
    await withFile(
      '000001.json',
      (text) => text.replace(/"streams": \d+/, '"streams": 1'),
      async () => {
        const { faults } = await verified(world.log);
        expect(faults.map(({ message }) => message)).toEqual(
          expect.arrayContaining([expect.stringMatching(/seal 1 does not have the signature/)]),
        );
      },
    );
    const other = generateKeyPairSync('ed25519').publicKey;
    expect((await verified(world.log, [other])).faults[0]?.message).toMatch(/signed with key/);
    await withFile(
      '000001.json',
      () => '',
      async () => {
        expect((await verified(world.log)).faults.map(({ message }) => message)).toContain(
          'seal 1 cannot be read',
        );
      },
    );
    expect((await verified(world.log)).faults).toEqual([]);
  });
});

describe('a bundle for a third party', () => {
  const jobId = jobHistory(7).jobId;
  let folder: string;
  beforeAll(async () => {
    // The harness gives every file the hash of these bytes.
    await blobs.put(`sources/${jobId}.pdf`, Readable.from([Buffer.from('pdf 7')]), { maxBytes: 100 });
    folder = join(scratch, 'bundle');
    const parts = {
      log: world.log,
      blobs,
      copies,
      clock,
      keys: [key],
      sentenceOf: () => '<b>it happened</b>',
    };
    await writeBundle(parts, jobId, folder);
  });

  it('is checked with the public key alone, and shows its events on a page that runs nothing', async () => {
    expect(await checkBundle(folder, createPublicKey(key))).toEqual({
      jobId,
      events: 4,
      sealedEvents: 4,
      files: 1,
      removedFiles: 1,
      faults: [],
    });
    const page = await readFile(join(folder, 'index.html'), 'utf8');
    expect(page).toContain('&#60;b&#62;it happened');
    expect(page).toContain("default-src 'none'");
    expect(await readFile(join(folder, 'README.txt'), 'utf8')).toContain('audit check');
  });

  it.each([
    [
      'an event',
      'events.jsonl',
      (text: string) => text.replace('fatura 7', 'fatura 8'),
      /event 0 .* is not what was written/,
    ],
    [
      'the last event removed',
      'events.jsonl',
      (text: string) => `${text.trimEnd().split('\n').slice(0, -1).join('\n')}\n`,
      /last ones are missing/,
    ],
    ['the PDF', 'source-1.pdf', () => 'pdf 8', /source-1.pdf is not the file/],
    [
      'the root',
      'seal.json',
      (text: string) => text.replace(/"root": "./, '"root": "0'),
      /signature|does not lead/,
    ],
    [
      'the proof',
      'proof.json',
      (text: string) => text.replace('"revision": "3"', '"revision": "2"'),
      /does not lead/,
    ],
  ])('shows that %s was changed', async (_what, name, change, message) => {
    const path = join(folder, name);
    const before = await readFile(path, 'utf8');
    await writeFile(path, change(before));
    const { faults } = await checkBundle(folder, publicKey);
    await writeFile(path, before);
    expect(faults.join('; ')).toMatch(message);
  });
});

describe('docket verify', () => {
  it('finds no fault in streams that were decided, and names the event that no decision led to', async () => {
    const { faults, jobs, files } = await verifyStreams({ log: world.log });
    expect(faults).toEqual([]);
    expect(jobs.size).toBe(JOBS + 1);
    const jobId = jobHistory(1).jobId;
    expect(files.get(`sources/${jobId}.pdf`)).toMatchObject({ kind: 'source', jobId });
    await forged(
      (segment) => replaced(segment, 'ConversionSucceeded', 'ConversionSucceedet'),
      async (log) => {
        const { faults: found } = await verifyStreams({ log, faultsMax: 1 });
        expect(found).toEqual([
          expect.objectContaining({ revision: '3', message: expect.stringContaining('unknown') }),
        ]);
      },
    );
  }, 60_000);

  it('names the blob that was swapped for another, and one that is gone', async () => {
    const { files } = await verifyStreams({ log: world.log });
    const [swapped, gone, whole] = [1, 2, 4].map((number) => `sources/${jobHistory(number).jobId}.pdf`) as [
      string,
      string,
      string,
    ];
    for (const [key, content] of [
      [swapped, 'pdf 1'],
      [gone, 'pdf 2'],
      [whole, 'pdf 4'],
    ] as const)
      await blobs.put(key, Readable.from([Buffer.from(content)]), { maxBytes: 100 });
    const some = new Map([swapped, gone, whole].map((key) => [key, files.get(key)!]));
    expect(await verifyBlobs({ log: world.log, blobs, files: some })).toEqual([]);
    await cp(join(scratch, 'blobs', whole), join(scratch, 'blobs', swapped));
    await rm(join(scratch, 'blobs', gone));
    const faults = await verifyBlobs({ log: world.log, blobs, files: some });
    expect(new Map(faults.map(({ blobKey, message }) => [blobKey, message]))).toEqual(
      new Map([
        [gone, `the PDF ${gone} is missing`],
        [swapped, `the PDF ${swapped} has 5 bytes, which differ from the 1001 bytes of its event`],
      ]),
    );
  }, 60_000);
});

async function emptyBlobs(): Promise<BlobStore> {
  return openFilesystemBlobStore({ directory: await mkdtemp(join(scratch, 'blobs-')) });
}
