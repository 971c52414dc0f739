import { execFile } from 'node:child_process';
import { mkdtemp, open, readdir, readFile, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expectThat } from '../drills/claims.ts';
import { pdfOf } from '../harness/pdf-of.ts';
import { runDocket } from '../harness/run-docket.ts';
import type { AttackCategory } from './attack.ts';
import type { OwnTarget, Targets } from './targets.ts';
import { newVisitor, type Visitor } from './visitor.ts';

const TEXT = { mapping: 'text_layout_v1' };

async function foreignRoots(targets: Targets): Promise<string> {
  const target = await targets.own();
  const folder = await mkdtemp(join(tmpdir(), 'docket-attack-root-'));
  const theirs = join(folder, 'precious.pdf');
  await writeFile(theirs, 'precious');
  await symlink(folder, join(folder, 'link'));
  try {
    const connections = await connectionsOf(target);
    for (const BLOB_DIR of ['/', '/etc', folder, join(folder, 'link'), theirs]) {
      const env = { ...connections, BLOB_DIR, DATA_DIR: target.installation.dataDir };
      const ran = await runDocket(['cleanup'], env);
      const why = /\.docket-root|not a directory|cannot be used/i.test(ran.stderr);
      expectThat(ran.code === 1 && why, `cleanup of BLOB_DIR=${BLOB_DIR} is refused`, ran);
    }
    const own = await runDocket(['cleanup'], { ...connections, DATA_DIR: target.installation.dataDir });
    expectThat(own.code === 0, 'cleanup of the instance’s own store works', own.stderr);
    expectThat((await readFile(theirs, 'utf8')) === 'precious', 'what was there is there');
    expectThat(!(await readdir(folder)).includes('.docket-root'), 'nothing was made there');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return '/, /etc, a folder of somebody else, a link to it and a file: refused for want of .docket-root, nothing touched';
}

async function connectionsOf({ installation }: OwnTarget): Promise<Record<string, string>> {
  return JSON.parse(await readFile(join(installation.dataDir, 'connections.json'), 'utf8')) as Record<
    string,
    string
  >;
}

/** A ready job and the file of its result. */
async function readyResult(target: OwnTarget, visitor: Visitor): Promise<{ jobId: string; path: string }> {
  const bytes = await pdfOf([`to be spoiled ${Date.now()} ${Math.random()}`]);
  const { jobId } = await visitor.upload([{ name: 'a.pdf', bytes }], TEXT);
  const job = await visitor.finalJob(jobId!);
  expectThat(job.state === 'ready', 'the job is ready', job);
  const folder = join(target.installation.dataDir, 'blobs', 'results', jobId!);
  return { jobId: jobId!, path: join(folder, (await readdir(folder))[0]!) };
}

async function spoiledResults(targets: Targets): Promise<string> {
  const target = await targets.own();
  const visitor = await newVisitor(target);
  const outside = join(target.installation.dataDir, 'connections.json');
  const spoilers: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
    'a flipped bit': flipBit,
    'another length': (path) => writeFile(path, '<a/>'),
    'a link to a secret': async (path) => {
      await unlink(path);
      await symlink(outside, path);
    },
    'a FIFO': async (path) => {
      await unlink(path);
      await promisify(execFile)('mkfifo', [path]);
    },
    nothing: (path) => rename(path, `${path}.away`),
  };
  for (const [what, spoil] of Object.entries(spoilers)) {
    const { jobId, path } = await readyResult(target, visitor);
    await spoil(path);
    // Several at once: none may wait for a writer of the FIFO.
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => visitor.ask(`/api/jobs/${jobId}/download`)),
    );
    for (const { status, code, text } of answers)
      expectThat(
        status === 500 && code === 'INTERNAL' && !text.includes('EVENTSTORE'),
        `${what} is 500`,
        text,
      );
  }
  const log = await readFile(join(target.installation.dataDir, 'logs', 'services.log'), 'utf8');
  expectThat(log.includes('"alert":"result-corrupt"'), 'the log says it as an alert');
  const good = await readyResult(target, visitor);
  const served = await visitor.ask(`/api/jobs/${good.jobId}/download`);
  expectThat(served.status === 200, 'others are served', served.status);
  return `${Object.keys(spoilers).join(', ')}: 500 and never a wrong byte, an alert in the log; others are served`;
}

async function flipBit(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, 10);
    buffer[0] = buffer[0]! ^ 1;
    await handle.write(buffer, 0, 1, 10);
  } finally {
    await handle.close();
  }
}

export const storage: AttackCategory = {
  name: 'storage',
  attacks: [
    { id: 'A-FS02', title: 'a store that is another folder, or the whole disk', run: foreignRoots },
    { id: 'A-FS03', title: 'results that were changed on the disk', run: spoiledResults },
  ],
};
