import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createLog } from '../../runtime/log/log.ts';
import { createMetrics } from '../../runtime/metrics/metrics.ts';
import type { Service } from '../../runtime/service.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import type { JobListAnswer } from '../../schemas/protocols/http-api.ts';
import type { Projection } from '../../read-store/projection-engine/projection-definition.ts';
import type { StoredEvent } from '../../read-store/projection-engine/stored-event.ts';
import type { JobEvent } from '../../schemas/events/job-events.ts';
import { openLive, rowsOf } from '../../tests/harness/live-tester.ts';
import { startQueryInstallation, type QueryInstallation } from '../../tests/harness/query-installation.ts';
import { jobsProjection } from '../jobs/jobs-projection.ts';
import type { JobRow } from '../../read-tables/jobs/jobs-table.ts';
import { projectionNamed, register, type RegisteredProjection } from '../registry.ts';
import { startProjector } from '../start.ts';
import { jobHistories, randomFrom } from '../../tests/rooms/projector/job-histories.ts';
import { rebuildProjections } from '../rebuild.ts';
import { buildVersion } from './build.ts';
import { compareVersions } from './compare.ts';
import { dropVersion } from './drop.ts';
import { ledgerVersions } from './ledger.ts';
import { rollbackVersion, switchVersion } from './switch.ts';

const logger = createLog('test', 'silent');
const OWNER = 'owner-1'.padEnd(22, 'x');
const random = randomFrom(5);

/** Version 2 differs on purpose: cancelled jobs lose their priority, and long documents count 99 pages. */
const changed: Projection<JobEvent, JobRow> = {
  ...jobsProjection,
  version: 2,
  fold: (row, event, recorded) => {
    const after = jobsProjection.fold(row, event, recorded);
    if (!after) return after;
    if (event.type === 'ConversionCancelled') return { ...after, job: { ...after.job, priority: -10 } };
    if (
      event.type === 'ConversionSucceeded' &&
      after.job.state === 'ready' &&
      after.job.conversion.pages > 5
    ) {
      const conversion = { ...after.job.conversion, pages: 99 };
      return { ...after, job: { ...after.job, conversion } };
    }
    return after;
  },
};

const one = projectionNamed('jobs')!;
const two: RegisteredProjection = register(changed, {
  tables: one.tables,
  isQueue: true,
  flushAfterMs: 10,
  verify: (options) => one.verify(options),
  target: { ledger: 'jobs', version: 2, schema: 'jobs_v2', underConstruction: false },
});

let installation: QueryInstallation;
let projector: Service;
const events = jobHistories(120, 21).map((event) => {
  const data = event.data as { owner?: string };
  return data.owner === undefined ? event : { ...event, data: { ...data, owner: OWNER } };
});
const before = events.slice(0, 350);
const during = events.slice(350, 500);

async function append({ type, data, metadata, stream, revision }: StoredEvent): Promise<void> {
  const expected = revision === 0n ? 'no_stream' : revision - 1n;
  await installation.log.append(stream, [{ id: randomUUID(), type, data, metadata }], expected);
}

beforeAll(async () => {
  installation = await startQueryInstallation();
  const { log, store } = installation;
  const metrics = createMetrics({ defaults: false });
  const settings = loadSettings({});
  projector = await startProjector({ log, store, logger, metrics, settings, projections: [one, two] });
  const ofStreams = [...Map.groupBy(before, ({ stream }) => stream).values()];
  const inTurn = async (own: readonly StoredEvent[]) => {
    for (const event of own) await append(event);
  };
  await Promise.all(ofStreams.map(inTurn));
}, 60_000);
afterAll(async () => {
  await projector.stop(1_000);
  await installation.stop();
});

const never = new AbortController().signal;
const build = (stop = never) =>
  buildVersion({
    projection: two,
    log: installation.log,
    url: installation.store.url,
    logger,
    stop,
    onProgress: () => undefined,
  });
const compare = () =>
  compareVersions({
    store: installation.store,
    log: installation.log,
    from: one,
    to: two,
    stop: never,
    onProgress: () => undefined,
  });
const list = (atLeast = 0n) =>
  installation.json<JobListAnswer>(`/api/jobs?limit=200&atLeast=${atLeast}`, OWNER);

/**
 * The jobs that the two changes affect, each with the first event that shows the change, derived from the events only.
 */
function expectedPartings(among: readonly StoredEvent[]): Map<string, bigint> {
  const partings = new Map<string, bigint>();
  for (const [stream, own] of Map.groupBy(among, (event) => event.stream)) {
    const plain = one.trace(own);
    const other = two.trace(own);
    const shown = (steps: typeof plain, index: number, table: string) =>
      JSON.stringify(steps[index]?.tables[table]);
    const differs = (index: number, table: string) =>
      shown(plain, index, table) !== shown(other, index, table);
    const at = plain.findIndex((_step, index) => differs(index, 'jobs'));
    // A difference that a later event removed is in no row except those of the history.
    const remains =
      differs(plain.length - 1, 'jobs') || plain.some((_step, index) => differs(index, 'job_history'));
    if (!remains) continue;
    if (at >= 0) partings.set(stream.slice('job-'.length), own[at]!.revision);
  }
  return partings;
}

describe('the versions of a projection', () => {
  it('a build that is stopped leaves nothing in use; the next one starts over and follows the log', async () => {
    const stop = new AbortController();
    stop.abort();
    expect(await build(stop.signal)).toEqual({ outcome: 'stopped' });
    await expect(switchVersion(installation.store, two, new Set())).rejects.toThrow('is not built');
    expect(await build()).toMatchObject({ outcome: 'built', heldStreams: 0 });
    await expect(build()).rejects.toThrow('is there already');
    const known = (await ledgerVersions(installation.store)).filter(({ name }) => name === 'jobs');
    expect(known.map(({ version, isCurrent }) => [version, isCurrent])).toEqual([
      [1, true],
      [2, false],
    ]);
  });

  it('compare names exactly the jobs that a changed fold concerns, and the first event of each', async () => {
    const comparison = await compare();
    const expected = expectedPartings(before);
    expect(expected.size).toBeGreaterThan(3);
    expect(comparison.complete).toBe(true);
    expect(new Map(comparison.differences.map(({ key, event }) => [key, event?.revision]))).toEqual(expected);
    const types = new Set(comparison.differences.map(({ event }) => event?.type));
    expect([...types].sort()).toEqual(['ConversionCancelled', 'ConversionSucceeded']);
  });

  it('names a row that no fold explains as one whose table is wrong', async () => {
    const healthy = (await list()).jobs.find(({ jobId }) => !expectedPartings(before).has(jobId))!;
    await installation.store.query('update jobs_v2.jobs set filename = $2 where job_id = $1', [
      healthy.jobId,
      'other.pdf',
    ]);
    const { differences } = await compare();
    expect(differences.find(({ key }) => key === healthy.jobId)).toMatchObject({
      tables: ['jobs'],
      event: null,
    });
    await installation.store.query('update jobs_v2.jobs set filename = $2 where job_id = $1', [
      healthy.jobId,
      healthy.filename,
    ]);
  });

  it('switch is refused until every difference is accepted by name', async () => {
    const { differences } = await compare();
    await expect(switchVersion(installation.store, two, new Set())).rejects.toMatchObject({
      code: 'VERSION_REFUSED',
    });
    const allButOne = new Set(differences.slice(1).map(({ key }) => key));
    await expect(switchVersion(installation.store, two, allButOne)).rejects.toThrow(differences[0]!.key);
    await expect(rollbackVersion(installation.store, 'jobs', [one, two])).rejects.toThrow(
      'no earlier version',
    );
  });

  it('switch and rollback under load: no request fails, and no socket ends wrong', async () => {
    const accepted = new Set((await compare()).differences.map(({ key }) => key));
    const sockets = await Promise.all([openLive(installation, OWNER), openLive(installation, OWNER)]);
    for (const socket of sockets) socket.send({ type: 'subscribe', id: 1, topic: 'jobs' });
    const answers = new Map<number, number>();
    let done = false;
    const reading = Array.from({ length: 3 }, async () => {
      while (!done) {
        const { status } = await installation.get(
          random() < 0.5 ? '/api/jobs?limit=50' : '/api/jobs/metrics',
          OWNER,
        );
        answers.set(status, (answers.get(status) ?? 0) + 1);
      }
    });
    const writing = (async () => {
      for (const event of during) await append(event);
    })();
    const switches = [];
    switches.push(await switchVersion(installation.store, two, accepted));
    switches.push(await rollbackVersion(installation.store, 'jobs', [one, two]));
    switches.push(await switchVersion(installation.store, two, accepted));
    await writing;
    switches.push(await rollbackVersion(installation.store, 'jobs', [one, two]));
    done = true;
    await Promise.all(reading);
    expect(switches.map(({ from, to }) => [from, to])).toEqual([
      [1, 2],
      [2, 1],
      [1, 2],
      [2, 1],
    ]);
    expect([...answers.keys()]).toEqual([200]);
    expect(answers.get(200)).toBeGreaterThan(20);

    const { position } = (await installation.log.readLast(during.at(-1)!.stream))!;
    const shown = await list(position);
    for (const { frames, socket } of sockets) {
      await until(() =>
        expect(rowsAfter(frames)).toEqual(new Map(shown.jobs.map((job) => [job.jobId, job]))),
      );
      expect(frames.filter(({ type }) => type === 'reset').length).toBeGreaterThanOrEqual(1);
      expect(frames.some(({ type }) => type === 'error')).toBe(false);
      socket.close();
    }
  }, 60_000);

  it('rebuild of the version beside mends its tables, and readers stay with the one in use', async () => {
    const shown = await list();
    await installation.store.query(`update jobs_v2.jobs set filename = 'by hand.pdf'`);
    const [rebuilt] = await rebuildProjections({
      projections: [two],
      log: installation.log,
      url: installation.store.url,
      logger,
    });
    const { position } = (await installation.log.readLast(during.at(-1)!.stream))!;
    expect(rebuilt!.position).toBeGreaterThanOrEqual(position);
    const { rows } = await installation.store.query<{ view: string; by_hand: string }>(
      `select pg_get_viewdef('docket.jobs'::regclass) as view,
         (select count(*) from jobs_v2.jobs where filename = 'by hand.pdf') as by_hand`,
    );
    expect(rows[0]!.by_hand).toBe('0');
    expect(rows[0]!.view).toContain('FROM jobs_v1.jobs');
    expect(await list()).toEqual(shown);
    const known = (await ledgerVersions(installation.store)).filter(({ name }) => name === 'jobs');
    expect(known.map(({ version, isCurrent }) => [version, isCurrent])).toEqual([
      [1, true],
      [2, false],
    ]);
    const { differences } = await compare();
    const expected = expectedPartings([...before, ...during]);
    expect(new Map(differences.map(({ key, event }) => [key, event?.revision]))).toEqual(expected);
  });

  it('drop removes a version that is not in use, and no other', async () => {
    await expect(dropVersion(installation.store, one)).rejects.toThrow('is in use');
    await dropVersion(installation.store, two);
    expect(
      (await installation.store.query(`select from pg_namespace where nspname = 'jobs_v2'`)).rowCount,
    ).toBe(0);
    const [last] = jobHistories(1, 99);
    await append(last!);
    const { position } = (await installation.log.readLast(last!.stream))!;
    expect((await installation.get(`/api/jobs?atLeast=${position}`, OWNER)).status).toBe(200);
  });
});

type Frames = Awaited<ReturnType<typeof openLive>>['frames'];

/** The rows of a client after these messages. */
function rowsAfter(frames: Frames): Map<string, unknown> {
  const rows = new Map<string, unknown>();
  let isWhole = true;
  for (const frame of frames) {
    if (frame.type === 'snapshot' && isWhole) rows.clear();
    if (frame.type === 'snapshot') isWhole = !frame.more;
    if (frame.type === 'snapshot' || frame.type === 'delta')
      for (const row of rowsOf(frame)) rows.set(row.jobId, row);
  }
  return rows;
}

async function until(claim: () => void): Promise<void> {
  for (const deadline = Date.now() + 10_000; ; await new Promise((resolve) => setTimeout(resolve, 50)))
    try {
      return claim();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
}
