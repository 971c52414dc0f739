import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobKeyRefused } from '../../blob-store/blob-errors.ts';
import { openFilesystemBlobStore } from '../../blob-store/filesystem.ts';
import { stored, type BatchLink, type Manifest } from '../../archive/links.ts';
import { somePdf } from '../rooms/command-api/pdfs.ts';
import { expectThat } from '../drills/claims.ts';
import { startStoreWithLog, type StoreWithLog } from '../harness/job-log.ts';
import { runDocket, type Ran } from '../harness/run-docket.ts';
import type { AttackCategory } from './attack.ts';
import type { Targets } from './targets.ts';
import { newVisitor } from './visitor.ts';
import { sha256Of } from '../../schemas/sha256.ts';

const GIGABYTE = 1024 ** 3;
const LINES = join('batches', '000001.jsonl');
const LINK = join('batches', '000001.json');
const MANIFEST = join('manifest', '000001.json');

type Change = (archive: string) => Promise<void>;

async function json<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(path, 'utf8')) as T;
}

/** Replaces lines and computes every hash of the archive again, as an attacker who knows the form would. */
function withLines(change: (lines: readonly string[]) => readonly string[]): Change {
  return async (archive) => {
    const lines = change((await readFile(join(archive, LINES), 'utf8')).trimEnd().split('\n'));
    const content = `${lines.join('\n')}\n`;
    await writeFile(join(archive, LINES), content);
    const endOf = (line: string): BatchLink['first'] => {
      const { stream, revision, id, position } = JSON.parse(line) as BatchLink['first'];
      return { stream, revision, id, position };
    };
    await withLink(archive, {
      events: lines.length,
      bytes: Buffer.byteLength(content),
      sha256: sha256Of(content),
      first: endOf(lines[0]!),
      last: endOf(lines.at(-1)!),
    });
  };
}

async function withLink(archive: string, changed: Partial<BatchLink>): Promise<void> {
  const link = stored({ ...(await json<BatchLink>(join(archive, LINK))), ...changed });
  await writeFile(join(archive, LINK), link);
  const manifest = await json<Manifest>(join(archive, MANIFEST));
  const events = changed.events ?? manifest.events;
  await writeFile(join(archive, MANIFEST), stored({ ...manifest, events, link: sha256Of(link) }));
}

function isSecondOfJob(line: string): boolean {
  const { stream, revision } = JSON.parse(line) as BatchLink['first'];
  return stream.startsWith('job-') && revision === '1';
}

const REFUSED: Readonly<Record<string, Change>> = {
  'a changed byte': async (archive) => {
    const text = await readFile(join(archive, LINES), 'utf8');
    await writeFile(join(archive, LINES), text.replace('DocumentUploaded', 'DocumentUploadee'));
  },
  'another order': withLines(([first, second, ...rest]) => [second!, first!, ...rest]),
  'an event twice': withLines((lines) => [...lines, lines.at(-1)!]),
  // Of the middle of a job's stream; which events stand side by side is another matter each time.
  'a gap': withLines((lines) => lines.toSpliced(lines.findIndex(isSecondOfJob), 1)),
  'no event': withLines((lines) => [...lines, '{"stream":"x"}']),
  'a line of 1 GB': async (archive) => {
    await truncate(join(archive, LINES), GIGABYTE);
    await withLink(archive, { bytes: GIGABYTE });
  },
  'a line of 1 GB that says to be short': (archive) => truncate(join(archive, LINES), GIGABYTE),
};

async function tamperedArchives(targets: Targets): Promise<string> {
  const target = await targets.own();
  const visitor = await newVisitor(target);
  const { jobId } = await visitor.upload([{ name: 'a.pdf', bytes: somePdf() }]);
  await visitor.finalJob(jobId!);
  const scratch = await mkdtemp(join(tmpdir(), 'docket-attack-archive-'));
  const store = await startStoreWithLog();
  try {
    const good = join(scratch, 'good');
    const exported = await runDocket(['export', good], { DATA_DIR: target.installation.dataDir });
    expectThat(exported.code === 0, 'the log is exported', exported.stderr);
    for (const [what, change] of Object.entries(REFUSED)) {
      const bad = await changedCopy({ good, scratch, change });
      const ran = await importInto(store, bad);
      expectThat(ran.code === 1 && /archive is damaged/i.test(ran.stderr), `${what} is refused`, ran.stderr);
      expectThat((await eventsIn(store)) === 0, `${what}: nothing is applied`);
      await rm(bad, { recursive: true });
    }
    return `${Object.keys(REFUSED).join(', ')}: refused, nothing applied; ${await escapingBlob({ good, scratch, store })}`;
  } finally {
    await store.stop();
    await rm(scratch, { recursive: true, force: true });
  }
}

/** A blob outside the store, in an archive whose hashes were all made anew: what is imported can be told and reads nothing. */
async function escapingBlob(parts: { good: string; scratch: string; store: StoreWithLog }): Promise<string> {
  const change = withLines((lines) =>
    lines.map((line) => line.replace(/"blobKey":"sources\/[^"]*"/, '"blobKey":"../../session-keys"')),
  );
  await importInto(parts.store, await changedCopy({ ...parts, change }));
  const env = { EVENTSTORE_URL: parts.store.store.connectionString, DATA_DIR: join(parts.scratch, 'data') };
  const verified = await runDocket(['audit', 'verify'], env);
  expectThat(
    verified.code === 1,
    'docket audit verify finds the changed event',
    verified.stdout + verified.stderr,
  );
  const blobs = await openFilesystemBlobStore({ directory: join(parts.scratch, 'blobs') });
  const read = await blobs.open('../../session-keys').catch((error: unknown) => error);
  expectThat(read instanceof BlobKeyRefused, 'no store opens such a key', read);
  return '../ for a blob is found by docket audit verify and opened by no store';
}

async function changedCopy(parts: { good: string; scratch: string; change: Change }): Promise<string> {
  const bad = join(parts.scratch, 'bad');
  await rm(bad, { recursive: true, force: true });
  await cp(parts.good, bad, { recursive: true });
  await parts.change(bad);
  return bad;
}

function importInto({ store }: StoreWithLog, archive: string): Promise<Ran> {
  return runDocket(['import', archive], { EVENTSTORE_URL: store.connectionString });
}

/** Events of streams that are Docket's; an event store writes some of its own. */
async function eventsIn({ log }: StoreWithLog): Promise<number> {
  let count = 0;
  for await (const { stream } of log.readAll('start', { streamPrefixes: [''] }))
    if (!stream.startsWith('$')) count += 1;
  return count;
}

export const events: AttackCategory = {
  name: 'events',
  attacks: [{ id: 'A-EV02', title: 'an archive that was changed', run: tamperedArchives }],
};
