import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { jobsProjection } from '../../projector/jobs/jobs-projection.ts';
import { JOBS_TARGET } from '../../projector/targets.ts';
import { openReadStore, type ReadStore } from '../../read-store/pool.ts';
import { readCheckpoint } from '../../read-store/projection-engine/checkpoint.ts';
import { commitBatch } from '../../read-store/projection-engine/commit.ts';
import { foldBatch, understandBatch, type Change } from '../../read-store/projection-engine/fold-batch.ts';
import { seizeLease } from '../../read-store/projection-engine/lease.ts';
import type { Column, Table, Values } from '../../read-store/projection-engine/table.ts';
import type { JobRow } from '../../read-tables/jobs/jobs-table.ts';
import { migrateReadTables } from '../../read-tables/migrate.ts';
import { createLog } from '../../runtime/log/log.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/harness/postgres.ts';
import { jobHistories } from '../../tests/rooms/projector/job-histories.ts';
import { createWorld } from '../engine/world.ts';
import { createTableServer } from './table-server.ts';

/** The operations that the tests run on the simulated tables and on Postgres. */
interface Subject {
  takeLease(): Promise<bigint>;
  commit(batch: Asked): Promise<void>;
  checkpoint(): Promise<bigint | null>;
  /** The rows of each table of the projection as `pg` returns them, in no fixed order. */
  rows(): Promise<ReadonlyMap<string, readonly unknown[]>>;
}

interface Asked {
  readonly changes: readonly Change<JobRow>[];
  readonly from: bigint | null;
  readonly to: bigint;
  readonly fence: bigint;
}

const TABLES: readonly Table[] = [jobsProjection.rows, ...jobsProjection.derived];
const TRACED = false;
const HEAD = 10n ** 15n;
let postgres: TestPostgres;
let store: ReadStore;

beforeAll(async () => {
  postgres = await startTestPostgres();
  await migrateReadTables(postgres.url);
  const log = createLog('test', 'silent');
  store = openReadStore({ url: postgres.url, poolMax: 2, timeoutMs: 10_000, log });
}, 60_000);
afterAll(async () => {
  await store.close();
  await postgres.stop();
});

function simulated(): Subject {
  const server = createTableServer(
    createWorld(1, TRACED),
    () => HEAD,
    () => 1,
  );
  return {
    takeLease: async () => BigInt(server.takeLease()),
    commit: async ({ fence, ...batch }) =>
      server.commit({ ...batch, mark: null, fence: Number(fence), generation: 1 }),
    checkpoint: async () => server.checkpoint(),
    rows: async () => {
      const { rows, derived } = server.tables();
      return new Map(
        [rows, ...derived].map((all, index) => [
          TABLES[index]!.name,
          [...all.values()].map((values) => read(TABLES[index]!, values)),
        ]),
      );
    },
  };
}

function sql(): Subject {
  return {
    takeLease: () => seizeLease(store, JOBS_TARGET, 'conformance'),
    commit: ({ fence, ...batch }) =>
      commitBatch({ store, projection: jobsProjection, target: JOBS_TARGET }, fence, {
        ...batch,
        mark: null,
        quarantined: [],
        released: [],
      }),
    checkpoint: () => readCheckpoint(store, JOBS_TARGET),
    rows: async () => {
      const found = new Map<string, readonly unknown[]>();
      for (const { name } of TABLES)
        found.set(name, (await store.query(`select * from ${JOBS_TARGET.schema}.${name}`)).rows);
      return found;
    },
  };
}

function read({ columns }: Table, values: Values): Record<string, unknown> {
  return Object.fromEntries(columns.map((column, index) => [column.name, asRead(column, values[index])]));
}

function asRead({ type }: Column, value: Values[number] | undefined): unknown {
  if (value === null || value === undefined) return null;
  if (type === 'bigint') return String(value);
  if (type === 'timestamptz') return new Date(String(value));
  return type === 'jsonb' ? (JSON.parse(String(value)) as unknown) : value;
}

/** Makes the batches that a projector folds one after the other. */
function batchesOf(seed: number, batchEvents: number): Omit<Asked, 'fence'>[] {
  const { understood } = understandBatch(jobsProjection, new Set(), jobHistories(15, seed));
  const rows = new Map<string, JobRow | undefined>();
  const batches: Omit<Asked, 'fence'>[] = [];
  for (let start = 0; start < understood.length; start += batchEvents) {
    const batch = understood.slice(start, start + batchEvents);
    const { changes } = foldBatch(jobsProjection, (key) => rows.get(key), batch, 'accept');
    for (const { key, row } of changes.values()) rows.set(key, row);
    const to = batch.at(-1)!.recorded.position;
    batches.push({ changes: [...changes.values()], from: batches.at(-1)?.to ?? null, to });
  }
  return batches;
}

const sorted = (rows: ReadonlyMap<string, readonly unknown[]>) =>
  new Map([...rows].map(([name, all]) => [name, all.map((row) => JSON.stringify(inOrder(row))).sort()]));

/** Sorts the keys, because Postgres stores the keys of `jsonb` in an order of its own. */
function inOrder(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(inOrder);
  if (value === null || typeof value !== 'object') return value;
  return Object.entries(value)
    .map(([name, held]): [string, unknown] => [name, inOrder(held)])
    .sort(([one], [other]) => (one < other ? -1 : 1));
}

describe.each([
  ['of the simulation', simulated],
  ['of Postgres', sql],
])('the read tables %s', (_name, open) => {
  let subject: Subject;
  let fence: bigint;
  beforeEach(async () => {
    await store.query(`truncate ${TABLES.map(({ name }) => `${JOBS_TARGET.schema}.${name}`).join(', ')}`);
    await store.query('delete from docket.checkpoints');
    subject = open();
    fence = await subject.takeLease();
  });

  it.each([1, 7, 1_000])('hold the fold of all events, %d at a time', async (batchEvents) => {
    const batches = batchesOf(31, batchEvents);
    for (const batch of batches) await subject.commit({ ...batch, fence });
    expect(await subject.checkpoint()).toBe(batches.at(-1)!.to);
    const [whole] = batchesOf(31, Infinity);
    const wanted = new Map<string, readonly unknown[]>([
      ['jobs', whole!.changes.map(({ row }) => read(TABLES[0]!, jobsProjection.rows.valuesOf(row!)))],
    ]);
    for (const [index, table] of jobsProjection.derived.entries())
      wanted.set(
        table.name,
        whole!.changes.flatMap(({ derived }) => derived[index]!.map((values) => read(table, values))),
      );
    expect(sorted(await subject.rows())).toEqual(sorted(wanted));
  });

  it('refuse a batch of a writer that lost the lease, and one that starts elsewhere; nothing of it is written', async () => {
    const [first, second] = batchesOf(32, 20);
    await subject.commit({ ...first!, fence });
    const before = sorted(await subject.rows());
    const later = await subject.takeLease();
    const refused = { code: 'CHECKPOINT_MOVED' };
    await expect(subject.commit({ ...second!, fence })).rejects.toMatchObject(refused);
    await expect(
      subject.commit({ ...second!, from: second!.from! - 1n, fence: later }),
    ).rejects.toMatchObject(refused);
    expect(sorted(await subject.rows())).toEqual(before);
    expect(await subject.checkpoint()).toBe(first!.to);
    await subject.commit({ ...second!, fence: later });
    expect(await subject.checkpoint()).toBe(second!.to);
  });

  it('keep a row that is newer than the one offered, and what was appended, as they are', async () => {
    const batches = batchesOf(33, 20);
    for (const batch of batches) await subject.commit({ ...batch, fence });
    const before = sorted(await subject.rows());
    const to = batches.at(-1)!.to;
    // Rows of the past are offered again. They must change neither `jobs` nor the timeline nor the history.
    const again = batches[0]!.changes.map((change) => ({
      ...change,
      derived: change.derived.map((entries, index) =>
        jobsProjection.derived[index]!.writes === 'append' ? entries : [],
      ),
    }));
    await subject.commit({ changes: again, from: to, to: to + 1n, fence });
    expect(sorted(await subject.rows())).toEqual(before);
  });
});
