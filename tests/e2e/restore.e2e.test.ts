import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { makeInvoicePdf } from '../rooms/gateway/invoice-pdf.ts';
import { openReadStore } from '../../read-store/pool.ts';
import { createLog } from '../../runtime/log/log.ts';
import { startInstallation, type Installation } from '../harness/installation.ts';
import { newApiUser, until, type ApiUser } from '../harness/api-user.ts';
import { runDocket } from '../harness/run-docket.ts';

const JOBS = 5;
const scratch = await mkdtemp(join(tmpdir(), 'docket-restore-'));
const keyFile = join(scratch, 'backup.key');
const sessionKeys = join(scratch, 'session-keys');
const env = (dataDir: string) => ({ DATA_DIR: dataDir, BACKUP_KEY_FILE: keyFile });

let installation: Installation;
let user: ApiUser;
let results: Map<string, Buffer>;
let tables: Record<string, readonly unknown[]>;
let root: string;

beforeAll(async () => {
  await writeFile(keyFile, randomBytes(48));
  installation = await startInstallation();
  user = await newApiUser(installation.url);
  const invoice = await makeInvoicePdf(1);
  const files = Array.from({ length: JOBS }, (_, index) => ({
    filename: `fatura-${index}.pdf`,
    bytes: new Uint8Array(Buffer.concat([invoice, Buffer.from(`\n% copy ${index}\n`)])),
  }));
  await user.upload(files);
  await user.upload([
    {
      filename: 'damaged.pdf',
      bytes: new Uint8Array(Buffer.from('%PDF-1.7\nnothing\ntrailer\n<<>>\n%%EOF\n')),
    },
  ]);
  await until('all are done', async () => (await ended()) === JOBS + 1, 60_000);
  results = await readResults();
  expect(results.size).toBe(JOBS);
  root = await seal(installation.dataDir);
  await writeFile(sessionKeys, await readFile(join(installation.dataDir, 'session-keys')));
  await until('the tables stand still', async () => (await verify()).code === 0, 30_000);
  tables = await readTables(installation.dataDir);
}, 180_000);
afterAll(async () => {
  await installation.stop();
  await rm(scratch, { recursive: true, force: true });
});

const ended = async (): Promise<number> =>
  (await user.jobs().catch(() => [])).filter(({ state }) => state === 'ready' || state === 'failed').length;

/** Every Ready result as it is stored; a download would be another event. */
async function readResults(): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for (const { jobId, state } of await user.jobs()) {
    const folder = join(installation.dataDir, 'blobs', 'results', jobId);
    if (state === 'ready')
      for (const name of await readdir(folder))
        found.set(`${jobId}/${name}`, await readFile(join(folder, name)));
  }
  return found;
}

async function seal(dataDir: string): Promise<string> {
  const ran = await runDocket(['seal', '--json'], env(dataDir));
  if (ran.code !== 0) throw new Error(ran.stderr);
  return (JSON.parse(ran.stdout) as { root: string }).root;
}

const verify = () => runDocket(['verify', '--json'], env(installation.dataDir));

/** All tables but for positions, which belong to one log. */
async function readTables(dataDir: string): Promise<Record<string, readonly unknown[]>> {
  const { DATABASE_URL } = JSON.parse(await readFile(join(dataDir, 'connections.json'), 'utf8')) as {
    DATABASE_URL: string;
  };
  const store = openReadStore({
    url: DATABASE_URL,
    poolMax: 2,
    timeoutMs: 5_000,
    log: createLog('test', 'silent'),
  });
  try {
    const rows = async (table: string): Promise<readonly unknown[]> =>
      (
        await store.query<{ row: unknown }>(
          `select to_jsonb(t) - 'position' as row from docket.${table} t order by 1`,
        )
      ).rows;
    return Object.fromEntries(
      await Promise.all(
        ['jobs', 'job_events', 'job_artifacts', 'dashboard_figures'].map(
          async (table) => [table, await rows(table)] as const,
        ),
      ),
    );
  } finally {
    await store.close();
  }
}

async function wipeAndStart(bringBack: (dataDir: string) => Promise<void>): Promise<number> {
  const port = Number(new URL(installation.url).port);
  await installation.stop();
  const startedMs = performance.now();
  const dataDir = await mkdtemp(join(tmpdir(), 'docket-installation-'));
  await bringBack(dataDir);
  installation = await startInstallation({ dataDir, port });
  await until('the read tables are there again', async () => (await ended()) === JOBS + 1, 60_000);
  return performance.now() - startedMs;
}

it('backup, wipe, restore: verify is clean, every Ready result is byte-equal, the session still holds', async () => {
  const place = join(scratch, 'backup');
  const backedUp = await runDocket(['backup', place, '--json'], env(installation.dataDir));
  expect({ code: backedUp.code, err: backedUp.stderr }).toEqual({ code: 0, err: '' });
  const tookMs = await wipeAndStart(async (dataDir) => {
    const restored = await runDocket(['restore', place, '--json'], env(dataDir));
    expect({ code: restored.code, err: restored.stderr }).toEqual({ code: 0, err: '' });
    console.log(`restored: ${restored.stdout}`);
  });
  console.log(`wiped to serving again, tables included: ${Math.round(tookMs)} ms`);
  expect(await readResults()).toEqual(results);
  const { code, stdout } = await verify();
  expect({ code, stdout: code === 0 ? '' : stdout }).toEqual({ code: 0, stdout: '' });
  const audited = await runDocket(['audit', 'verify', '--json'], env(installation.dataDir));
  expect(JSON.parse(audited.stdout)).toMatchObject({ seals: 1, faults: [], unsealedEvents: 0 });
  expect(await seal(installation.dataDir)).toBe(root);
  expect(await readTables(installation.dataDir)).toEqual(tables);
}, 180_000);

it('export, wipe, import: the tables and the seal are equal', async () => {
  const archive = join(scratch, 'archive');
  expect((await runDocket(['export', archive], env(installation.dataDir))).code).toBe(0);
  await wipeAndStart(async (dataDir) => {
    const imported = await runDocket(['import', archive, '--json'], env(dataDir));
    expect({ code: imported.code, err: imported.stderr }).toEqual({ code: 0, err: '' });
    // Sessions are no part of the log: whoever looks is the same person by the same key.
    await writeFile(join(dataDir, 'session-keys'), await readFile(sessionKeys));
  });
  expect(await readTables(installation.dataDir)).toEqual(tables);
  expect(await seal(installation.dataDir)).toBe(root);
}, 180_000);
