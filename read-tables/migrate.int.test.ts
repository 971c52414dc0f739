import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createLog } from '../runtime/log/log.ts';
import { JOB_STATES } from '../schemas/job-states.ts';
import { startTestPostgres, toDatabase, type TestPostgres } from '../tests/harness/postgres.ts';
import { migrate } from '../read-store/migrate.ts';
import { migrateReadTables, READ_TABLE_MIGRATIONS, unmigrateReadTables } from './migrate.ts';
import { openReadStore, type ReadStore } from '../read-store/pool.ts';
import { DASHBOARD_TABLES, JOBS_TABLES } from './tables.ts';

let postgres: TestPostgres;
let store: ReadStore;
let url: string;

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  await store?.close();
  url = await freshDatabase();
  store = openReadStore({ url, poolMax: 2, timeoutMs: 5_000, log: createLog('test', 'silent') });
});
afterAll(() => store.close());

describe('the migrations of the read store', () => {
  it('make the schema once, however often and from however many programs they are run', async () => {
    const runs = await Promise.all(Array.from({ length: 6 }, () => migrateReadTables(url)));
    expect(runs.filter((made) => made.length > 0)).toEqual([READ_TABLE_MIGRATIONS.map(({ name }) => name)]);
    expect(await migrateReadTables(url)).toEqual([]);
  });

  it('can be undone and done again, and end with the same schema [R10.04]', async () => {
    await migrateReadTables(url);
    const once = await schemaOf(store);
    await unmigrateReadTables(url);
    expect(
      (await schemaOf(store)).filter(({ relation }) => !relation.startsWith('docket.migrations')),
    ).toEqual([]);
    await migrateReadTables(url);
    expect(await schemaOf(store)).toEqual(once);
  });

  it('leave nothing of a step that fails', async () => {
    const broken = {
      name: '9999-broken',
      up: 'create table docket.half_done (a int); select no_such_column',
      down: '',
    };
    const migrations = [...READ_TABLE_MIGRATIONS, broken];
    await expect(migrate({ url, schema: 'docket', migrations })).rejects.toThrow('no_such_column');
    expect(await schemaOf(store)).toEqual([]);
  });

  it('agree with the live schema: a table changed by hand is noticed', async () => {
    await migrateReadTables(url);
    const declared = await schemaOf(store);
    await store.query('alter table jobs_v1.jobs alter column owner drop not null');
    expect(await schemaOf(store)).not.toEqual(declared);
  });

  it.each([
    ['jobs_v1', JOBS_TABLES],
    ['dashboard_v1', DASHBOARD_TABLES],
  ])('leave in %s what the definitions of the tables make', async (schema, tables) => {
    await migrateReadTables(url);
    await store.query(tables.create('made_again'));
    await store.query(
      tables
        .index('made_again')
        .map(({ statements }) => statements)
        .join(''),
    );
    const relations = await schemaOf(store);
    const of = (name: string) =>
      relations
        .filter(({ relation }) => relation.startsWith(`${name}.`))
        .map((line) => JSON.stringify(line).replaceAll(`${name}.`, ''));
    expect(of('made_again')).toEqual(of(schema));
    expect(of(schema).length).toBeGreaterThan(20);
  });

  it('give the past of a job what told its mapping and what converted it, as a build from the log would [R10.04]', async () => {
    const before = READ_TABLE_MIGRATIONS.filter(({ name }) => name < '0018');
    await migrate({ url, schema: 'docket', migrations: before });
    const told = randomUUID();
    const untold = randomUUID();
    const event = `insert into jobs_v1.job_events (job_id, revision, position, at, type, actor, correlation_id, causation_id, data)
       values ($1, $2, $3, now(), 'ConversionSucceeded', 'a', 'b', 'c', $4)`;
    const convertedBy = { id: 'rohr_v1', version: 3, contentHash: 'a'.repeat(64) };
    await store.query(event, [told, 3, 30, { convertedBy }]);
    await store.query(event, [told, 7, 70, { convertedBy: { ...convertedBy, version: 4 } }]);
    await store.query(event, [untold, 3, 31, {}]);
    const parameters = { termStart: '2026-09-14' };
    await insertPast(told, JSON.stringify(parameters));
    await insertPast(untold, null);
    expect(await migrateReadTables(url)).toContain('0018-which-invoice-a-job-became');
    const { rows } = await store.query(
      `select job_id, revision::integer, mapping_parameters as told, converted_by -> 'version' as version
         from docket.job_history order by job_id = $1 desc, revision`,
      [told],
    );
    const row = (job_id: string, revision: number, said: object | null, version: number | null) => ({
      job_id,
      revision,
      told: said,
      version,
    });
    expect(rows).toEqual([
      row(told, 2, parameters, null),
      row(told, 3, parameters, 3),
      row(told, 7, parameters, 4),
      row(untold, 2, null, null),
      row(untold, 3, null, null),
      row(untold, 7, null, null),
    ]);
  });

  it('know exactly the states of the schema [R03.01]', async () => {
    await migrateReadTables(url);
    const { rows } = await store.query<{ says: string }>(
      `select pg_get_constraintdef(oid) as says from pg_constraint where conname = 'jobs_state_known'`,
    );
    expect([...(rows[0]?.says ?? '').matchAll(/'(\w+)'/g)].map((match) => match[1])).toEqual([...JOB_STATES]);
  });

  it('show the tables of the current version through the views of schema docket', async () => {
    await migrateReadTables(url);
    for (const view of [...JOBS_TABLES.names, ...DASHBOARD_TABLES.names])
      expect((await store.query(`select * from docket.${view}`)).rows).toEqual([]);
  });
});

/** Inserts a job with three past rows, as a database holds them before step 0018. */
async function insertPast(jobId: string, parameters: string | null): Promise<void> {
  await store.query(
    `insert into jobs_v1.jobs (job_id, owner, filename, mapping_id, mapping_version, state, attempts, runs, bytes, sha256,
       priority, created_at, updated_at, revision, position, charged_attempts, attempts_ever, mapping_parameters)
     values ($1, 'o', 'f', 'm', 1, 'ready', 1, 1, 1, 's', 0, now(), now(), 9, 90, 1, 1, $2)`,
    [jobId, parameters],
  );
  const past = [[2, 'converting'] as const, [3, 'ready'] as const, [7, 'expired'] as const];
  for (const [revision, state] of past)
    await store.query(
      `insert into jobs_v1.job_history (owner, created_at, job_id, revision, since, until, filename, mapping_id,
         mapping_version, state, attempts, bytes, updated_at)
       values ('o', now(), $1, $2, $3::bigint, $3::bigint + 5, 'f', 'm', 1, $4, 1, 1, now())`,
      [jobId, revision, revision * 10 + 1, state],
    );
}

async function freshDatabase(): Promise<string> {
  const name = `fresh_${randomUUID().replaceAll('-', '')}`;
  const admin = openReadStore({
    url: postgres.url,
    poolMax: 1,
    timeoutMs: 5_000,
    log: createLog('test', 'silent'),
  });
  await admin.query(`create database ${name}`);
  await admin.close();
  return toDatabase(postgres.url, name);
}

/** Every column, index and constraint, as Postgres describes them. */
async function schemaOf(on: ReadStore): Promise<{ relation: string; part: string; says: string | null }[]> {
  const { rows } = await on.query<{ relation: string; part: string; says: string | null }>(`
    select * from (
      select table_schema || '.' || table_name as relation, 'column ' || column_name as part,
             concat_ws(' ', data_type, is_nullable, column_default) as says
        from information_schema.columns
      union all
      select schemaname || '.' || tablename, 'index ' || indexname, indexdef from pg_indexes
      union all
      select format('%I.%I', nspname, relname), 'comment ' || attname, col_description(c.oid, attnum)
        from pg_attribute join pg_class c on c.oid = attrelid join pg_namespace n on n.oid = relnamespace
        where attnum > 0 and not attisdropped and col_description(c.oid, attnum) is not null
      union all
      select conrelid::regclass::text, 'constraint ' || conname, pg_get_constraintdef(oid)
        from pg_constraint where conrelid <> 0
    ) described
    where relation !~ '^(pg_catalog|information_schema)[.]' and relation ~ '[.]'
    order by relation, part`);
  return [...rows];
}
