import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startTestEventStore, type TestEventStore } from '../../tests/harness/event-store.ts';
import { uploadTo } from '../../tests/rooms/command-api/client.ts';
import { formOf, somePdf } from '../../tests/rooms/command-api/pdfs.ts';

/** 1 MiB, in the blocks of 1,024 bytes of bash's `ulimit`. */
const FILE_BLOCKS_MAX = 1_024;

let store: TestEventStore;
let directory: string;
beforeAll(async () => {
  store = await startTestEventStore();
  directory = await mkdtemp(join(tmpdir(), 'docket-full-disk-'));
});
afterAll(async () => {
  await store.stop();
  await rm(directory, { recursive: true, force: true });
});

it('a disk that is full in mid-write answers 507, leaves nothing behind, and smaller files go on [D26]', async () => {
  // The limit of a process on the size of a file. An ordinary user can make a write fail with it (EFBIG).
  const script = `ulimit -f ${FILE_BLOCKS_MAX}; exec "$0" "$1"`;
  const main = join(import.meta.dirname, '..', '..', 'tests', 'rooms', 'command-api', 'main.ts');
  const child = spawn('bash', ['-c', script, process.execPath, main], {
    env: { ...process.env, NODE_OPTIONS: '', EVENTSTORE_URL: store.connectionString, DATA_DIR: directory },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [to] = (await once(child, 'message')) as [{ url: string }];
  try {
    const large = await uploadTo(to, formOf([{ name: 'large.pdf', bytes: somePdf(3 * 1024 * 1024) }]));
    expect(large.status).toBe(507);
    expect(large.body.results[0]?.error?.code).toBe('STORAGE_FULL');
    const [blobs] = (await readdir(directory, { recursive: true })).filter((path) =>
      path.endsWith('.partial'),
    );
    expect(await readdir(join(directory, blobs!))).toEqual([]);
    const both = await uploadTo(
      to,
      formOf([
        { name: 'large.pdf', bytes: somePdf(3 * 1024 * 1024) },
        { name: 'small.pdf', bytes: somePdf() },
      ]),
    );
    expect(both.status).toBe(202);
    expect(both.body.results.map((result) => result.error?.code ?? result.state)).toEqual([
      'STORAGE_FULL',
      'queued',
    ]);
  } finally {
    child.disconnect();
    await once(child, 'exit');
  }
}, 30_000);
