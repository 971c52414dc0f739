import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startProjector } from '../projector/start.ts';
import { migrate } from '../read-store/migrate.ts';
import { createLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import type { Service } from '../runtime/service.ts';
import { loadSettings } from '../runtime/settings.ts';
import { jobStream } from '../schemas/streams.ts';
import { eventually, startProcessorWorld, type ProcessorWorld } from '../tests/harness/processor-world.ts';
import { runDocket } from '../tests/harness/run-docket.ts';

let world: ProcessorWorld;
let projector: Service | undefined;
beforeAll(async () => {
  world = await startProcessorWorld();
  await migrate({ url: world.store.url });
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

it('failed: listed by code, tried again, discarded with their PDFs; cleanup removes the rest', async () => {
  const metrics = createMetrics({ defaults: false });
  const { log, store } = world;
  const logger = createLog('test', 'silent');
  projector = await startProjector({ log, store, logger, metrics, settings: loadSettings({}) });
  await world.gateway.script({ otherwise: { status: 422, body: '{}' } });
  await world.start();
  const [first, second] = [await world.upload(), await world.upload()];
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
