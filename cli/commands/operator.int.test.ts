import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { makeInvoice } from '../../tests/rooms/gateway/invoice-pdf.ts';
import { startProjector } from '../../projector/start.ts';
import { migrateReadTables } from '../../read-tables/migrate.ts';
import { createLog } from '../../runtime/log/log.ts';
import { createMetrics } from '../../runtime/metrics/metrics.ts';
import type { Service } from '../../runtime/service.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import { jobStream } from '../../schemas/events/streams.ts';
import { eventually, startProcessorWorld, type ProcessorWorld } from '../../tests/harness/processor-world.ts';
import { runDocket } from '../../tests/harness/run-docket.ts';
import { COMMANDS } from './commands.ts';

let world: ProcessorWorld;
let projector: Service | undefined;
beforeAll(async () => {
  world = await startProcessorWorld();
  await migrateReadTables(world.store.url);
}, 60_000);
afterAll(async () => {
  await projector?.stop(500);
  await world.stop();
});

const docket = async (...argv: string[]) => {
  const ran = await runDocket([...argv, '--json'], {
    EVENTSTORE_URL: world.eventStore.connectionString,
    DATABASE_URL: world.store.url,
    GATEWAY_URL: world.gateway.url,
    BLOB_DIR: world.blobDir,
    PDF_TTL_DAYS: '0',
  });
  if (ran.stdout === '') throw new Error(ran.stderr);
  return { code: ran.code, said: JSON.parse(ran.stdout) as Record<string, unknown> };
};
const epoch = async () =>
  (await world.store.query<{ epoch: string }>(`select epoch from docket.projections where name = 'jobs'`))
    .rows[0]?.epoch;

it('quarantine: a replayed job is in the tables, and live clients start over [D30]', async () => {
  const jobId = await world.upload();
  await world.store.query(
    `insert into docket.quarantine (projection, version, stream, revision, position, event_id, type, reason, event)
     values ('jobs', 1, $1, 0, 0, 'x', 'DocumentUploaded', 'an older build', '{}')`,
    [jobStream(jobId)],
  );
  const before = await epoch();
  expect((await docket('quarantine', 'list')).said['held']).toMatchObject([{ reason: 'an older build' }]);
  const { code, said } = await docket('quarantine', 'replay', jobId);
  expect({ code, said }).toEqual({
    code: 0,
    said: { replayed: [{ projection: 'jobs', stream: jobStream(jobId), outcome: 'released' }] },
  });
  expect((await world.store.query('select from docket.jobs where job_id = $1', [jobId])).rowCount).toBe(1);
  expect((await docket('quarantine', 'list')).said['held']).toEqual([]);
  expect(await epoch()).not.toBe(before);
}, 60_000);

it('why: the job as it was at a position, with what led to it; exit code 2 for a wrong moment', async () => {
  const jobId = await world.upload();
  const last = await world.log.readLast(jobStream(jobId));
  const { code, said } = await docket('why', jobId, '--at', last!.position.toString());
  expect({ code, state: said['state'] }).toEqual({ code: 0, state: 'queued' });
  expect(said['causes']).toMatchObject([
    { kind: 'request', led: [{ kind: 'command', led: [{ id: '0' }, { id: '1' }] }] },
  ]);
  const env = {
    EVENTSTORE_URL: world.eventStore.connectionString,
    DATABASE_URL: world.store.url,
    GATEWAY_URL: 'x',
  };
  const wrong = await runDocket(['why', jobId, '--at', 'yesterday'], env);
  expect(wrong.code).toBe(2);
  expect((await runDocket(['why', jobId, '--at', '2000-01-01'], env)).code).toBe(1);
}, 60_000);

it('projection: the versions are listed; what cannot be done is refused with its reason', async () => {
  const { code, said } = await docket('projection', 'list', 'jobs');
  expect({ code, versions: said['versions'] }).toMatchObject({
    code: 0,
    versions: [{ name: 'jobs', version: 1, state: 'in use', known: true }],
  });
  const env = {
    EVENTSTORE_URL: world.eventStore.connectionString,
    DATABASE_URL: world.store.url,
    GATEWAY_URL: 'http://127.0.0.1:1',
  };
  const refused = await runDocket(['projection', 'drop', 'jobs'], env);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('is in use')]);
  expect((await runDocket(['projection', 'bild', 'jobs'], env)).code).toBe(2);
}, 60_000);

/** Of each command: words that it has an answer to, and words that it fails on. */
const ASKED: Readonly<Record<string, readonly [string | null, string]>> = {
  // These two serve until they are stopped: served.int.test.ts.
  up: [null, 'up --jsno'],
  serve: [null, 'serve nothing'],
  why: ['why JOB', `why ${randomUUID()}`],
  verify: ['verify streams', 'verify everything'],
  store: ['store check', 'store chekc'],
  // On success it needs the folder of a stopped store: log.int.test.ts.
  log: [null, 'log check FOLDER/nothing'],
  seal: ['seal', 'seal --key nowhere.pem'],
  audit: ['audit key', 'audit export nothing'],
  backup: ['backup FOLDER/backup', 'backup'],
  // Into a data folder of its own, once there is a backup.
  restore: [null, 'restore FOLDER/nothing'],
  export: ['export FOLDER/export', 'export'],
  import: ['import FOLDER/export --check', 'import FOLDER/nothing --check'],
  query: ['query select(1)one', 'query selct'],
  projection: ['projection list', 'projection bild'],
  failed: ['failed list', 'failed lits'],
  quarantine: ['quarantine list', 'quarantine lits'],
  cleanup: ['cleanup --dry-run', 'cleanup --dryrun'],
  explain: ['explain FOLDER/invoice.pdf', 'explain FOLDER/export/none.pdf'],
  rules: ['rules', 'rules FOLDER/none.xml'],
  mapping: ['mapping test FOLDER --mapping pt_simon_invoice_v1', 'mapping tset FOLDER --mapping none'],
  'simulate-policy': ['simulate-policy --breaker off', 'simulate-policy --breaker on'],
  settings: ['settings', 'settings --markdonw'],
};

it('every command: --json prints one JSON value and nothing else, when it works and when it fails', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'docket-json-'));
  const jobId = await world.upload();
  const invoice = await makeInvoice(1);
  await writeFile(join(folder, 'invoice.pdf'), invoice.pdf);
  await writeFile(join(folder, 'invoice.json'), JSON.stringify(invoice.truth));
  await writeFile(join(folder, 'backup.key'), randomBytes(32).toString('base64'), { mode: 0o600 });
  const env = {
    EVENTSTORE_URL: world.eventStore.connectionString,
    DATABASE_URL: world.store.url,
    ANALYTICS_DATABASE_URL: world.postgres.analystUrl,
    GATEWAY_URL: world.gateway.url,
    BLOB_DIR: world.blobDir,
    DATA_DIR: join(folder, 'data'),
    BACKUP_KEY_FILE: join(folder, 'backup.key'),
  };
  const restoring = { BACKUP_KEY_FILE: env.BACKUP_KEY_FILE, DATA_DIR: join(folder, 'restored') };
  const told = async (words: string, within: Record<string, string> = env): Promise<object> => {
    const argv = words.replace('JOB', jobId).replace('FOLDER', folder).split(' ');
    const { code, stdout, stderr } = await runDocket([...argv, '--json'], within);
    try {
      const said = JSON.parse(stdout) as { error?: { message?: string } };
      return { words, code: code === 0 ? 'done' : 'failed', failure: typeof said.error?.message };
    } catch {
      throw new Error(`${words} (${code}) said ${JSON.stringify(stdout)}; ${stderr}`);
    }
  };
  try {
    expect(Object.keys(ASKED)).toEqual(COMMANDS.map(({ name }) => name));
    const asked = Object.values(ASKED);
    const inTurn = pLimit(3);
    const done = asked.flatMap(([words]) => (words === null ? [] : [words]));
    // What reads an export begins when it is whole.
    const needing = done.filter((words) => words.startsWith('import '));
    const others = done.filter((words) => !needing.includes(words));
    const worked = await Promise.all(others.map((words) => inTurn(() => told(words))));
    for (const words of needing) worked.push(await told(words));
    expect(worked).toEqual(
      [...others, ...needing].map((words) => ({ words, code: 'done', failure: 'undefined' })),
    );
    expect(await told('restore FOLDER/backup', restoring)).toMatchObject({ code: 'done' });
    const wrong = asked.map(([, words]) => words);
    const failed = await Promise.all(wrong.map((words) => inTurn(() => told(words))));
    expect(failed).toEqual(wrong.map((words) => ({ words, code: 'failed', failure: 'string' })));
  } finally {
    await rm(folder, { recursive: true });
  }
}, 120_000);

it('failed: listed by code, tried again, discarded with their PDFs; cleanup removes the rest', async () => {
  const metrics = createMetrics({ defaults: false });
  const { log, store } = world;
  const logger = createLog('test', 'silent');
  projector = await startProjector({ log, store, logger, metrics, settings: loadSettings({}) });
  await world.gateway.script({ otherwise: { status: 422, body: '{}' } });
  await world.start();
  const first = await world.upload();
  const second = await world.upload();
  for (const jobId of [first, second]) await world.until(jobId, ['failed']);
  const listed = async () =>
    (await docket('failed', 'list', '--code', 'GW_4XX')).said['jobs'] as { jobId: string }[];
  await eventually(
    async () => (await listed()).some(({ jobId }) => jobId === second),
    20_000,
    'both are listed',
  );

  const source = await world.job(first);
  expect((await docket('failed', 'discard', first)).said).toEqual({
    action: 'discard',
    done: 1,
    refused: [],
  });
  expect((await world.history(first)).at(-1)).toBe('SourceExpired discard');
  if (source.state === 'absent') throw new Error('the job is absent');
  await expect(world.blobs.stat(source.sourceBlobKey!)).rejects.toMatchObject({ code: 'BLOB_MISSING' });
  expect((await docket('failed', 'retry', first)).code).toBe(1);

  await world.gateway.script({});
  expect((await docket('failed', 'retry', second)).said).toMatchObject({ done: 1, refused: [] });
  await world.until(second, ['ready']);
  expect((await docket('failed', 'discard', second)).said).toMatchObject({
    done: 0,
    refused: [{ jobId: second }],
  });

  const dry = await docket('cleanup', '--dry-run');
  expect(dry.said['files']).toEqual(
    expect.arrayContaining([expect.objectContaining({ jobId: second, why: 'age' })]),
  );
  expect((await world.history(second)).at(-1)).not.toContain('SourceExpired');
  await docket('cleanup');
  expect((await world.history(second)).at(-1)).toBe('SourceExpired age');
}, 90_000);
