import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { migrate } from '../../read-store/migrate.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/harness/postgres.ts';
import { PROCESSOR_MIGRATIONS, PROCESSOR_SCHEMA } from '../migrations/all.ts';

const GONE_JOBS = 40_000;
const WAITING_JOBS = 4_000;
const BUSY_JOBS = 100;
/** Each busy job may be looked up by itself; the jobs that are gone fill more than twice as many pages. */
const PAGES_MAX = 3 * BUSY_JOBS;

describe('counting what each owner has claimed or running', () => {
  let postgres: TestPostgres;
  let client: pg.Client;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    await migrate({ url: postgres.url, schema: PROCESSOR_SCHEMA, migrations: PROCESSOR_MIGRATIONS });
    client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    await client.query('alter table processor.work_items set (autovacuum_enabled = off)');
    await client.query(ENTER, ['offered', WAITING_JOBS]);
    await client.query(ENTER, ['claimed', BUSY_JOBS]);
    // What Postgres knows of the table is of an ordinary moment.
    await client.query('analyze processor.work_items');
    await client.query(ENTER, ['claimed', GONE_JOBS]);
    await client.query(`delete from processor.work_items where place = 'claimed'`);
    await client.query(ENTER, ['claimed', BUSY_JOBS]);
  }, 60_000);
  afterAll(async () => {
    await client.end();
    await postgres.stop();
  });

  it('visits the rows of jobs that are gone once, and not at every claim until Postgres has cleaned up', async () => {
    const { rows } = await client.query<{ owner: string; running: string }>(COUNT);
    expect(rows.reduce((sum, { running }) => sum + Number(running), 0)).toBe(BUSY_JOBS);
    const [plan] = (await client.query<{ 'QUERY PLAN': Explained[] }>(EXPLAIN)).rows[0]!['QUERY PLAN'];
    expect(plan!.Plan['Shared Hit Blocks']).toBeLessThan(PAGES_MAX);
  });
});

interface Explained {
  readonly Plan: Readonly<Record<'Shared Hit Blocks', number>>;
}

const COUNT = 'select owner, running from processor.busy_owners()';
const EXPLAIN = `explain (analyze, buffers, format json) ${COUNT}`;
/** $1 place, $2 how many. */
const ENTER = `
insert into processor.work_items (job_id, owner, priority, requested_position, revision, place)
select gen_random_uuid(), 'o' || (job * 7919 % 50), 0, job, 1, $1 from generate_series(1, $2::int) job`;
