import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { serverAccount } from '../../postgres-server/account.ts';
import { postgresBinaries } from '../../postgres-server/binaries.ts';
import { CLUSTER, asSuperuser } from '../../postgres-server/cluster.ts';
import { ROLE } from '../../postgres-server/roles.ts';
import { toDatabase } from '../../tests/harness/postgres.ts';

/** Number of statements that are printed one by one. The sum contains all statements. */
const STATEMENTS_SHOWN = 8;
const STATEMENT_CHARS = 60;

/** Numbers by name. All of them were counted since the same earlier time. */
type Counts = Readonly<Record<string, number>>;

/** The counters of Postgres so far. */
export interface DatabaseWork {
  readonly lsn: string;
  readonly statements: ReadonlyMap<string, Counts>;
  readonly tables: ReadonlyMap<string, Counts>;
  readonly indexes: ReadonlyMap<string, Counts>;
}

/**
 * Lets the Postgres of the bench count statements, and lets its role read the counters. Call this before the server
 * starts.
 */
export async function letItCount(directory: string): Promise<void> {
  const account = serverAccount();
  const cluster = join(directory, CLUSTER);
  await asSuperuser({ cluster, binaries: await postgresBinaries(directory, account), account }, [
    'create extension pg_stat_statements',
    'create extension pg_walinspect',
    `grant pg_monitor, pg_read_server_files to ${ROLE}`,
  ]);
  const settings = `shared_preload_libraries = 'pg_stat_statements'\n`;
  await appendFile(join(cluster, 'postgresql.auto.conf'), settings);
}

/**
 * Reads the counters. A backend adds its own counters to them once a second, so wait longer than that before the
 * call.
 */
export async function databaseWork(url: string): Promise<DatabaseWork> {
  const [own, maintenance] = [url, toDatabase(url, 'postgres')].map(
    (connectionString) => new pg.Client({ connectionString }),
  ) as [pg.Client, pg.Client];
  await Promise.all([own.connect(), maintenance.connect()]);
  try {
    const database = own.database;
    return {
      lsn: (await own.query<{ lsn: string }>('select pg_current_wal_insert_lsn()::text as lsn')).rows[0]!.lsn,
      statements: await countsBy(maintenance, STATEMENTS, [database]),
      tables: await countsBy(own, TABLES),
      indexes: await countsBy(own, INDEXES),
    };
  } finally {
    await Promise.all([own.end(), maintenance.end()]);
  }
}

/**
 * Returns the work of Postgres for one job between two readings: statements (each is a round trip), rows and WAL by
 * table, unused indexes.
 */
export async function databaseWorkPerJob(
  url: string,
  [before, after]: readonly [DatabaseWork, DatabaseWork],
  jobs: number,
): Promise<object> {
  const each = (value: number): number => Number((value / jobs).toFixed(3));
  const perJob = (counts: Counts): Counts =>
    Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, each(value)]));
  const statements = [...difference(before.statements, after.statements)];
  const wal = await walByRelation(url, before.lsn, after.lsn);
  const sum = (name: string): number =>
    statements.reduce((total, [, counts]) => total + (counts[name] ?? 0), 0);
  const dearest = statements.toSorted(([, a], [, b]) => (b['ms'] ?? 0) - (a['ms'] ?? 0));
  return {
    statements: each(sum('calls')),
    statementMs: each(sum('ms')),
    walBytes: Math.round([...wal.values()].reduce((total, bytes) => total + bytes, 0) / jobs),
    walBytesBy: Object.fromEntries([...wal].map(([name, bytes]) => [name, Math.round(bytes / jobs)])),
    rows: mapped(difference(before.tables, after.tables), perJob),
    indexReads: mapped(difference(before.indexes, after.indexes), perJob),
    dearest: dearest
      .slice(0, STATEMENTS_SHOWN)
      .map(([text, counts]) => ({ text: text.slice(0, STATEMENT_CHARS), ...perJob(counts) })),
  };
}

function mapped(
  counts: ReadonlyMap<string, Counts>,
  change: (counts: Counts) => Counts,
): Readonly<Record<string, Counts>> {
  return Object.fromEntries([...counts].map(([name, each]) => [name, change(each)]));
}

/** Returns the differences between two readings, without names that did not change. */
function difference(
  before: ReadonlyMap<string, Counts>,
  after: ReadonlyMap<string, Counts>,
): ReadonlyMap<string, Counts> {
  const since = [...after].map(([name, counts]): [string, Counts] => [
    name,
    Object.fromEntries(
      Object.entries(counts).map(([count, value]) => [count, value - (before.get(name)?.[count] ?? 0)]),
    ),
  ]);
  return new Map(since.filter(([, counts]) => Object.values(counts).some((value) => value > 0)));
}

async function countsBy(
  client: pg.Client,
  text: string,
  values: readonly unknown[] = [],
): Promise<ReadonlyMap<string, Counts>> {
  const { rows } = await client.query<{ name: string; counts: Counts }>(text, [...values]);
  return new Map(rows.map(({ name, counts }) => [name, counts]));
}

/**
 * Returns bytes of the log by the table or index that they change. Records without a table (commits, running
 * transactions) are in a separate sum.
 */
async function walByRelation(url: string, from: string, to: string): Promise<ReadonlyMap<string, number>> {
  const [own, maintenance] = [url, toDatabase(url, 'postgres')].map(
    (connectionString) => new pg.Client({ connectionString }),
  ) as [pg.Client, pg.Client];
  await Promise.all([own.connect(), maintenance.connect()]);
  try {
    const [names, blocks, total] = await Promise.all([
      own.query<{ node: string; name: string }>(RELATIONS),
      maintenance.query<{ node: string; bytes: string }>(WAL_BLOCKS, [from, to]),
      maintenance.query<{ bytes: string }>('select pg_wal_lsn_diff($2, $1) as bytes', [from, to]),
    ]);
    const nameOf = new Map(names.rows.map(({ node, name }) => [node, name]));
    const bytesBy = new Map<string, number>();
    for (const { node, bytes } of blocks.rows) {
      const name = nameOf.get(node) ?? 'others';
      bytesBy.set(name, (bytesBy.get(name) ?? 0) + Number(bytes));
    }
    const told = [...bytesBy.values()].reduce((sum, bytes) => sum + bytes, 0);
    bytesBy.set('of no table', Number(total.rows[0]!.bytes) - told);
    return new Map([...bytesBy].sort(([, a], [, b]) => b - a));
  } finally {
    await Promise.all([own.end(), maintenance.end()]);
  }
}

const STATEMENTS = `
select regexp_replace(query, '\\s+', ' ', 'g') || ' #' || queryid as name, jsonb_build_object('calls', calls,
  'ms', total_exec_time, 'rows', rows, 'walBytes', wal_bytes, 'buffers', shared_blks_hit + shared_blks_read) as counts
from pg_stat_statements s join pg_database d on d.oid = s.dbid where d.datname = $1 and toplevel`;

const TABLES = `
select schemaname || '.' || relname as name, jsonb_build_object('inserted', n_tup_ins, 'updated', n_tup_upd,
  'hot', n_tup_hot_upd, 'deleted', n_tup_del, 'scans', seq_scan) as counts
from pg_stat_user_tables`;

const INDEXES = `
select schemaname || '.' || indexrelname as name, jsonb_build_object('scans', idx_scan) as counts
from pg_stat_user_indexes`;

const RELATIONS = `
select pg_relation_filenode(c.oid)::text as node, n.nspname || '.' || c.relname as name
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where pg_relation_filenode(c.oid) is not null and n.nspname not in ('pg_catalog', 'information_schema')`;

/** A record counts for each block that it changes: its data and images of pages for each block, its head once. */
const WAL_BLOCKS = `
select relfilenode::text as node, sum(coalesce(block_data_length, 0) + coalesce(block_fpi_length, 0)
  + case when block_id = 0 then coalesce(main_data_length, 0) + 24 else 0 end) as bytes
from pg_get_wal_block_info($1::pg_lsn, $2::pg_lsn) group by relfilenode`;
