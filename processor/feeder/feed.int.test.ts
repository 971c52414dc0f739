import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { retryPolicyOf } from '../../conversion-job/retry-policy.ts';
import { createLog } from '../../runtime/log/log.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import { jobStream } from '../../schemas/events/streams.ts';
import { poisonStreams, started } from '../../tests/harness/poison.ts';
import { replayHeldJobs } from './replay-held-jobs.ts';
import {
  eventually,
  startProcessorWorld,
  type ProcessorWorld,
  type StartedProcessor,
} from '../../tests/harness/processor-world.ts';

/** Rows that a crash of Postgres takes away, which the database itself keeps out meanwhile. */
const KEEP_OUT = `
create function processor.keep_out() returns trigger language plpgsql as 'begin return null; end';
create trigger keep_out before insert on processor.work_items for each row execute function processor.keep_out()`;
const LET_IN = 'drop function processor.keep_out() cascade';

/**
 * Under a rate each job needs a permit and so a claim: no worker begins a job that the list has not. A feeder that misses
 * its beats on a busy machine is not replaced: a feeder reviews at its start what is held, and lets go what is no job.
 */
const CLAIMS_ALONE = { GATEWAY_MAX_RATE: '100', PROCESSOR_SILENT_MS: '60000' };

describe('the feeder of the work list', () => {
  let world: ProcessorWorld;
  const processors: StartedProcessor[] = [];
  const start = async (): Promise<StartedProcessor> => {
    const processor = await world.start(CLAIMS_ALONE);
    processors.push(processor);
    return processor;
  };
  beforeAll(async () => {
    world = await startProcessorWorld();
  });
  afterAll(() => world.stop());

  const allMetrics = async (): Promise<string> =>
    (await Promise.all(processors.map(({ metrics }) => metrics.metrics()))).join();

  /** A feeder that has counted the list has reviewed what was held before it began. */
  const reviewed = (): Promise<void> =>
    eventually(
      async () => (await allMetrics()).includes('docket_processor_work_items{'),
      20_000,
      'the feeder has reviewed what is held',
    );
  const quarantined = async (): Promise<Map<string, string>> => {
    const { rows } = await world.store.query<{ stream: string; reason: string }>(
      `select stream, reason from docket.quarantine where projection = 'work-list'`,
    );
    return new Map(rows.map(({ stream, reason }) => [stream, reason]));
  };

  it('what another program writes to the log, whatever it is, stops nobody else’s conversion [D60]', async () => {
    const { service } = await start();
    await reviewed();
    const poison = poisonStreams();
    for (const [stream, events] of poison) await world.log.append(stream, events, 'no_stream');
    for (const jobId of [await world.upload(), await world.upload()])
      expect(await world.until(jobId, ['ready', 'failed'])).toMatchObject({ state: 'ready' });
    const held = await quarantined();
    for (const stream of held.keys()) expect(poison.has(stream)).toBe(true);
    // Those with a job id and an event that no build can understand, and the one whose row Postgres refuses.
    expect(held.size).toBe(7);
    expect([...held.values()].filter((reason) => reason.startsWith('Postgres refuses it'))).toHaveLength(1);
    expect(await allMetrics()).toContain(
      'docket_projection_quarantined_events_total{projection="work-list"} 7',
    );
    expect(service.readiness()).toEqual({ ready: true, waitingFor: [] });
  }, 60_000);

  const position = async (): Promise<string> => {
    const { rows } = await world.store.query<{ position: string }>(`select position from processor.feed`);
    return rows[0]?.position ?? '0';
  };

  /** A job whose row the list has lost together with the checkpoint, as after a crash of Postgres. */
  const taken = async (): Promise<string> => {
    await world.store.query(KEEP_OUT);
    const before = await position();
    const jobId = await world.upload();
    while ((await position()) === before) await new Promise((resolve) => setTimeout(resolve, 20));
    await world.store.query(`${LET_IN}; update processor.feed set position = ${before}`);
    return jobId;
  };

  it('reads again what a crash of Postgres took from the list while it lived on [D22][I1]', async () => {
    await start();
    expect(await world.until(await world.upload(), ['ready', 'failed'])).toMatchObject({ state: 'ready' });
    const first = await taken();
    const next = await world.upload();
    for (const jobId of [next, first])
      expect(await world.until(jobId, ['ready', 'failed'])).toMatchObject({ state: 'ready', attempts: 1 });
  }, 40_000);

  it('does so also when nothing is uploaded any more [D22][I1]', async () => {
    const last = await taken();
    expect(await world.until(last, ['ready', 'failed'])).toMatchObject({ state: 'ready', attempts: 1 });
  }, 40_000);

  it('a job that is held goes on when an operator replays it and its stream is understood [D30]', async () => {
    const { store, log } = world;
    const jobId = await world.upload();
    await world.until(jobId, ['ready']);
    const stream = jobStream(jobId);
    // As a build would leave it that could not read an event which this one can.
    await store.query(
      `insert into docket.quarantine (projection, version, stream, revision, position, event_id, type, reason, event)
       values ('work-list', 1, $1, 0, 0, 'e', 'T', 'not understood', '{}')`,
      [stream],
    );
    const parts = {
      store,
      log,
      logger: createLog('test', 'silent'),
      policy: retryPolicyOf(loadSettings({})),
    };
    const replayed = await replayHeldJobs(parts, [stream]);
    expect(replayed).toEqual([{ projection: 'work-list', stream, outcome: 'released' }]);
    expect((await quarantined()).has(stream)).toBe(false);
    const others = await replayHeldJobs(parts, []);
    expect(others.filter(({ outcome }) => outcome === 'still held')).toHaveLength(6);
  }, 30_000);

  /** One of the processors feeds the list. */
  const troubles = (): string[] =>
    processors.flatMap(({ service }) =>
      service.readiness().waitingFor.map(({ dependency, why }) => `${dependency}: ${why}`),
    );

  it('says in its readiness that it cannot feed the list, and why [D60]', async () => {
    await world.store.query('alter table processor.work_items rename column touched_at to touched');
    try {
      await world.log.append(`job-${randomUUID()}`, [started('w.12345678')], 'no_stream');
      await world.upload();
      await eventually(
        () => Promise.resolve(troubles().some((each) => each.startsWith('work list: It cannot be written'))),
        20_000,
        'a feeder that fails says so',
      );
    } finally {
      await world.store.query('alter table processor.work_items rename column touched to touched_at');
    }
    await eventually(() => Promise.resolve(troubles().length === 0), 20_000, 'and that it goes on');
  }, 60_000);
});

describe('the feeder and its own free workers', () => {
  let world: ProcessorWorld;
  beforeAll(async () => {
    world = await startProcessorWorld();
  });
  afterAll(() => world.stop());

  it('a new job that finds a free worker is begun without a row of the list and without a claim', async () => {
    await world.start();
    await world.until(await world.upload(), ['ready', 'failed']);
    await world.store.query(KEEP_OUT);
    expect(await world.until(await world.upload(), ['ready', 'failed'])).toMatchObject({ state: 'ready' });
  }, 40_000);
});
