import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startProcessorWorld, type ProcessorWorld } from '../tests/harness/processor-world.ts';

/** Rows that a crash of Postgres takes away, which the database itself keeps out meanwhile. */
const KEEP_OUT = `
create function processor.keep_out() returns trigger language plpgsql as 'begin return null; end';
create trigger keep_out before insert on processor.work_items for each row execute function processor.keep_out()`;
const LET_IN = 'drop function processor.keep_out() cascade';

describe('the feeder of the work list', () => {
  let world: ProcessorWorld;
  beforeAll(async () => {
    world = await startProcessorWorld();
  });
  afterAll(() => world.stop());

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
    await world.start();
    expect(await world.until(await world.upload(), ['ready', 'failed'])).toMatchObject({ state: 'ready' });
    const [first, next] = [await taken(), await world.upload()];
    for (const jobId of [next, first])
      expect(await world.until(jobId, ['ready', 'failed'])).toMatchObject({ state: 'ready', attempts: 1 });
  }, 40_000);

  it('does so also when nothing is uploaded any more [D22][I1]', async () => {
    const last = await taken();
    expect(await world.until(last, ['ready', 'failed'])).toMatchObject({ state: 'ready', attempts: 1 });
  }, 40_000);
});
