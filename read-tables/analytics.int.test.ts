import { beforeEach, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { csvOf, jsonOf, tableOf } from '../cli/commands/query.ts';
import { projectionNamed } from '../projector/registry.ts';
import { rebuildProjections } from '../projector/rebuild.ts';
import { jobHistories } from '../tests/rooms/projector/job-histories.ts';
import { toDatabase } from '../tests/harness/postgres.ts';
import {
  append,
  log,
  logger,
  postgres,
  store,
  url,
  useWorld,
  writerOn,
} from '../tests/harness/projector-world.ts';
import { runDocket } from '../tests/harness/run-docket.ts';
import { migrateReadTables } from './migrate.ts';
import { ANALYST_ROLE } from '../read-store/analyst-role.ts';
import { runQuery } from '../read-store/run-query.ts';

useWorld();

const events = jobHistories(60, 17);
const analystUrl = () => toDatabase(postgres.analystUrl, new URL(url).pathname.slice(1));
const ask = (sql: string, rowsMax = 1_000, timeoutMs = 10_000) =>
  runQuery({ url: analystUrl(), sql, rowsMax, timeoutMs });
const one = async (sql: string) => (await ask(sql)).rows[0]?.[0];

async function fill(): Promise<void> {
  const writer = await writerOn(store, events);
  await writer.apply(events, events.at(-1)!.position);
}

beforeEach(() => migrateReadTables(url));

describe('schema analytics', () => {
  it('says in the database itself what every view and every column is', async () => {
    const { rows } = await store.query(`
      select c.relname, a.attname from pg_class c
      left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
      where c.relnamespace = 'analytics'::regnamespace
        and (coalesce(obj_description(c.oid, 'pg_class'), '') = '' or coalesce(col_description(c.oid, a.attnum), '') = '')`);
    expect(rows).toEqual([]);
    const views = await store.query(`select from pg_views where schemaname = 'analytics'`);
    expect(views.rowCount).toBe(8);
  });

  it('answers the ten questions of docs/analytics.md, as the analysts’ role', async () => {
    await fill();
    const page = await readFile(join(import.meta.dirname, '..', 'docs', 'analytics.md'), 'utf8');
    const questions = [...page.matchAll(/```sql\n(.*?)```/gs)].map((match) => match[1]!);
    expect(questions).toHaveLength(10);
    for (const sql of questions) {
      const { columns, rows } = await ask(sql);
      expect(columns.length).toBeGreaterThan(1);
      if (!sql.includes('now()')) expect({ sql, rows: rows.length }).not.toEqual({ sql, rows: 0 });
    }
  });

  it('counts what is in the tables: jobs, attempts, transitions and hours agree with the events', async () => {
    await fill();
    const of = (type: string) => String(events.filter((event) => event.type === type).length);
    const streams = String(new Set(events.map(({ stream }) => stream)).size);
    expect(await one('select count(*) from analytics.jobs')).toBe(streams);
    expect(await one('select sum(jobs) from analytics.owners')).toBe(streams);
    expect(await one('select count(*) from analytics.attempts')).toBe(of('ConversionStarted'));
    expect(await one('select sum(requested) from analytics.throughput_hourly')).toBe(
      of('ConversionRequested'),
    );
    expect(await one('select sum(downloads) from analytics.throughput_hourly')).toBe(of('ResultDownloaded'));
    expect(await one('select sum(failed) from analytics.failures_by_code')).toBe(of('ConversionFailed'));
    const claims = "select count(*) from analytics.transitions where to_state = 'converting'";
    expect(await one(claims)).toBe(of('ConversionStarted'));
    const last = `select count(*) from analytics.jobs j where state is distinct from
      (select to_state from analytics.transitions t where t.job_id = j.job_id order by revision desc limit 1)`;
    expect(await one(last)).toBe('0');
    const unfinished = `select count(*) from analytics.attempts where outcome = 'running' and ended_at is not null`;
    expect(await one(unfinished)).toBe('0');
  });

  it('outlives a rebuild that puts other tables in place', async () => {
    await append(events);
    await fill();
    await store.query('delete from jobs_v1.jobs where state = $1', ['ready']);
    const ready = () => one("select count(*) from analytics.jobs where state = 'ready'");
    expect(await ready()).toBe('0');
    // The test wrote the rows above with positions that this log does not have.
    await store.query('delete from docket.checkpoints');
    await rebuildProjections({ projections: [projectionNamed('jobs')!], log, url, logger });
    expect(Number(await ready())).toBeGreaterThan(5);
  });
});

describe('role docket_analyst', () => {
  it.each([
    ['create table analytics.mine (a int)', /syntax error/],
    ['select * from docket.jobs', /permission denied for schema docket/],
    ['select * from jobs_v1.jobs', /permission denied for schema jobs_v1/],
    ['select 1; drop schema analytics', /multiple commands/],
    ["select set_config('role', 'docket', false)", /permission denied/],
    ["select pg_read_file('/etc/passwd')", /permission denied/],
    ['select lo_create(0)', /read-only transaction/],
    [
      'with gone as (delete from analytics.jobs returning 1) select * from gone',
      /data-modifying|permission|cannot/,
    ],
  ])('%s is refused', async (sql, says) => {
    await expect(ask(sql)).rejects.toMatchObject({
      code: 'QUERY_REFUSED',
      message: expect.stringMatching(says),
    });
  });

  it('has a limit of time of its own, reads only, and a query ends at the limit it was given', async () => {
    expect(await one("select setting from pg_settings where name = 'default_transaction_read_only'")).toBe(
      'on',
    );
    const { rows } = await store.query<{ rolconfig: string[] }>(
      'select rolconfig from pg_roles where rolname = $1',
      [ANALYST_ROLE],
    );
    expect(rows[0]?.rolconfig).toContain('statement_timeout=30s');
    await expect(ask('select pg_sleep(20)', 1, 200)).rejects.toThrow('took too long');
  });
});

describe('docket query', () => {
  it('writes a table, CSV and JSON, bounded in rows; refusals and wrong usage have exit codes of their own', async () => {
    await fill();
    const env = {
      DATABASE_URL: url,
      ANALYTICS_DATABASE_URL: analystUrl(),
      EVENTSTORE_URL: 'esdb://127.0.0.1:1?tls=false',
      GATEWAY_URL: 'http://127.0.0.1:1',
    };
    const ran = await runDocket(
      ['query', 'select owner, jobs from analytics.owners', '--json', '--rows', '2'],
      env,
    );
    expect(ran.code).toBe(0);
    const said = JSON.parse(ran.stdout) as { rows: { owner: string; jobs: number }[] };
    expect(said).toMatchObject({ columns: ['owner', 'jobs'], more: true });
    expect(said.rows).toHaveLength(2);
    expect(typeof said.rows[0]?.jobs).toBe('number');
    expect(ran.stderr).toContain('there are more');
    const refused = await runDocket(['query', 'select * from docket.jobs'], env);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/^Docket: Postgres refuses it/),
    ]);
    expect((await runDocket(['query'], env)).code).toBe(2);
  }, 30_000);

  it('keeps control characters from the terminal and formulas from spreadsheets', async () => {
    const answer = await ask(
      `select e'=cmd|x\\x1b[31m' as "a,b", -1 as n, null as nothing, true as yes, '{"a":1}'::jsonb as j, 9007199254740993 as big`,
    );
    expect(csvOf(answer)).toBe(
      '"a,b",n,nothing,yes,j,big\r\n\'=cmd|x\x1b[31m,-1,,t,"{""a"": 1}",9007199254740993\r\n',
    );
    expect(tableOf(answer)).not.toContain('\x1b');
    expect((JSON.parse(jsonOf(answer)) as { rows: unknown[] }).rows).toEqual([
      { 'a,b': '=cmd|x\x1b[31m', n: -1, nothing: null, yes: true, j: { a: 1 }, big: '9007199254740993' },
    ]);
  });
});
