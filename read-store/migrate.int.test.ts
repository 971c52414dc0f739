import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createLog } from '../runtime/log.ts';
import { JOB_STATES } from '../schemas/job-states.ts';
import { startTestPostgres, toDatabase, type TestPostgres } from '../tests/harness/postgres.ts';
import { migrate, unmigrate } from './migrate.ts';
import { MIGRATIONS } from './migrations/all.ts';
import { openReadStore, type ReadStore } from './pool.ts';
import { createJobsTables, indexJobsTables, JOBS_TABLES } from './tables/job-history.ts';

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
    const runs = await Promise.all(Array.from({ length: 6 }, () => migrate({ url })));
    expect(runs.filter((made) => made.length > 0)).toEqual([MIGRATIONS.map(({ name }) => name)]);
    expect(await migrate({ url })).toEqual([]);
  });

  it('can be undone and done again, and end with the same schema [R10.04]', async () => {
    await migrate({ url });
    const once = await schemaOf(store);
    await unmigrate({ url });
    expect(
      (await schemaOf(store)).filter(({ relation }) => !relation.startsWith('docket.migrations')),
    ).toEqual([]);
    await migrate({ url });
    expect(await schemaOf(store)).toEqual(once);
  });

  it('leave nothing of a step that fails', async () => {
    const broken = {
      name: '9999-broken',
      up: async (on: { raw: (text: string) => PromiseLike<unknown> }) => {
        await on.raw('create table docket.half_done (a int)');
        await on.raw('select no_such_column');
      },
      down: async () => undefined,
    };
    await expect(migrate({ url, migrations: [...MIGRATIONS, broken] })).rejects.toThrow('no_such_column');
    expect(await schemaOf(store)).toEqual([]);
  });

  it('agree with the live schema: a table changed by hand is noticed', async () => {
    await migrate({ url });
    const declared = await schemaOf(store);
    await store.query('alter table jobs_v1.jobs alter column owner drop not null');
    expect(await schemaOf(store)).not.toEqual(declared);
  });

  it('make the same tables as a rebuild makes beside them', async () => {
    await migrate({ url });
    await store.query(createJobsTables('jobs_v1_again'));
    await store.query(indexJobsTables('jobs_v1_again').join(''));
    const tables = await schemaOf(store);
    const of = (schema: string) =>
      tables
        .filter(({ relation }) => relation.startsWith(`${schema}.`))
        .map((line) => JSON.stringify(line).replaceAll(`${schema}.`, ''));
    expect(of('jobs_v1_again')).toEqual(of('jobs_v1'));
    expect(of('jobs_v1').length).toBeGreaterThan(40);
  });

  it('know exactly the states of the schema [R03.01]', async () => {
    await migrate({ url });
    const { rows } = await store.query<{ says: string }>(
      `select pg_get_constraintdef(oid) as says from pg_constraint where conname = 'jobs_state_known'`,
    );
    expect([...(rows[0]?.says ?? '').matchAll(/'(\w+)'/g)].map((match) => match[1])).toEqual([...JOB_STATES]);
  });

  it('show the tables of the current version through the views of schema docket', async () => {
    await migrate({ url });
    for (const view of JOBS_TABLES)
      expect((await store.query(`select * from docket.${view}`)).rows).toEqual([]);
  });
});

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

/** Every column, index and constraint, as Postgres itself describes them. */
async function schemaOf(on: ReadStore): Promise<{ relation: string; part: string; says: string | null }[]> {
  const { rows } = await on.query<{ relation: string; part: string; says: string | null }>(`
    select * from (
      select table_schema || '.' || table_name as relation, 'column ' || column_name as part,
             concat_ws(' ', data_type, is_nullable, column_default) as says
        from information_schema.columns
      union all
      select schemaname || '.' || tablename, 'index ' || indexname, indexdef from pg_indexes
      union all
      select conrelid::regclass::text, 'constraint ' || conname, pg_get_constraintdef(oid)
        from pg_constraint where conrelid <> 0
    ) described
    where relation !~ '^(pg_catalog|information_schema)[.]' and relation ~ '[.]'
    order by relation, part`);
  return [...rows];
}
