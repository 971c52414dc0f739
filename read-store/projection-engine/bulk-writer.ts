import { ReadStoreUnavailable } from '../read-store-errors.ts';
import type { Queryable } from '../queryable.ts';
import type { Transaction } from '../transaction.ts';
import { markAfterBatch } from './batch-mark.ts';
import { moveCheckpoint, readStanding, type Checkpoint } from './checkpoint.ts';
import { appendedRows, type Appended } from './appended-rows.ts';
import { copyIntoTable, linesOf } from './copy-rows.ts';
import { CheckpointMoved } from './projection-errors.ts';
import type { Quarantined } from './fold-batch.ts';
import { foldWithRows } from './fold-with-rows.ts';
import { holdRows } from './held-rows.ts';
import { everyKeyIsKnown, keyFilter } from './key-filter.ts';
import type { FoldedRow, ProjectionTarget, Projection } from './projection-definition.ts';
import { heldStreams, holdStreams } from './quarantine.ts';
import { columnArrays, writeStatement, onConflict } from './statement.ts';
import type { StoredEvent } from './stored-event.ts';
import type { Table, Values } from './table.ts';
import type { WriterOptions } from './writer-options.ts';
import type { Applied, ProjectionWriter } from './writer.ts';

/** Number of rows in one insert. */
const ROWS_AT_ONCE = 10_000;
/** Appended rows are written when this many bytes of rows wait, or when as many sums wait as the next constant says. */
const WRITE_BYTES = 4 * 1024 * 1024;
const WRITE_SUMS = 10_000;

/** Fills tables that nobody reads yet. Its rows count only after `finish` has moved the checkpoint. */
export interface BulkWriter extends Pick<ProjectionWriter, 'heldStreams' | 'apply'> {
  /** The position up to which this writer has folded events. */
  checkpoint(): Checkpoint;
  /** Number of rows in memory. When there are many, call `finish` and continue with another writer. */
  heldRows(): number;
  /** Writes the appended rows that still wait in memory. After that, no more events may come. */
  writeAppended(): Promise<void>;
  /** Writes the rows in memory and the checkpoint, in one transaction. */
  finish(): Promise<void>;
  /** Resolves when no work runs any more, after success and after failure. */
  settled(): Promise<unknown>;
}

/**
 * Opens a writer for tables under construction (ADR 0057, 0184, 0201). It turns appended rows and sums into bytes and
 * sends them by COPY when enough wait. It keeps rows that may change in memory and writes them once. It writes no
 * checkpoint in between: a killed build starts again. One value that Postgres refuses fails the whole build.
 * @throws ReadStoreUnavailable
 */
export async function openBulkWriter<Event, Row extends FoldedRow>(
  options: WriterOptions<Event, Row>,
): Promise<BulkWriter> {
  const { store, projection, target } = options;
  const { checkpoint: from, mark: markBefore } = await readStanding(store, target);
  await setCrashMarker(store, target.schema);
  const isNew = from === null;
  if (isNew) await dropKeys(store, projection, target.schema);
  const streamsHeld = await heldStreams(store, target);
  const held = holdRows(projection);
  // A table that had rows before this writer may have any key.
  const appended = appendedRows(projection, isNew ? keyFilter : everyKeyIsKnown);
  const withParts = new Set<Table>();
  const quarantined: Quarantined[] = [];
  let folded = from;
  let mark = markBefore;
  let folding: Promise<unknown> = Promise.resolve();
  let writing: Promise<unknown> = Promise.resolve();

  const foldNext = async (batch: readonly StoredEvent[], through: bigint): Promise<Applied> => {
    const result = await foldWithRows(options, { held: streamsHeld, rows: held.rows }, batch, folded);
    for (const { recorded } of result.quarantined) streamsHeld.add(recorded.stream);
    quarantined.push(...result.quarantined);
    folded = folded === null || through > folded ? through : folded;
    mark = markAfterBatch(mark, batch, folded);
    held.take(result.changes.values(), appended.add);
    if (appended.bytes() >= WRITE_BYTES || appended.sums() >= WRITE_SUMS) await write();
    return { events: result.applied, quarantined: result.quarantined };
  };
  /** Writes at the same time as the next events are folded. */
  const write = async (): Promise<void> => {
    const given = appended.take();
    await writing;
    writing = append(options, withParts, given);
    writing.catch(() => undefined);
  };
  const writeAppended = async (): Promise<void> => {
    await folding;
    await write();
    await writing;
  };
  return {
    checkpoint: () => folded,
    heldStreams: () => streamsHeld,
    heldRows: () => held.size(),
    apply: (batch, through) => {
      const applied = folding.then(() => foldNext(batch, through));
      folding = applied;
      applied.catch(() => undefined);
      return applied;
    },
    writeAppended,
    finish: async () => {
      await writeAppended();
      const to = folded;
      await store.transaction(async (within) => {
        await removeCrashMarker(within, target.schema);
        if (to !== null && to !== from) {
          await moveCheckpoint(within, target, options.fencingEpoch, { from, to, mark });
          // If no rows were written before, none can exist already.
          const writeRows = isNew ? copyRows : upsertRows;
          for (const { table, rows } of held.all()) await writeRows(within, target.schema, table, rows);
          await holdStreams(within, target, quarantined);
        }
        if (isNew) await addKeys(within, projection, target.schema);
        for (const table of withParts) await sumParts(within, target.schema, table);
      });
    },
    settled: () => Promise.allSettled([folding, writing]),
  };
}

/** Writes appended rows and parts of sums. They are on disk only after the later commit of `finish`. */
async function append<Event, Row extends FoldedRow>(
  { store, target, fencingEpoch }: WriterOptions<Event, Row>,
  withParts: Set<Table>,
  given: readonly Appended[],
): Promise<void> {
  if (given.length === 0) return;
  await store.transaction(async (within) => {
    await within.query('set local synchronous_commit = off');
    await requireLease(within, target, fencingEpoch);
    for (const { table, lines, areParts } of given) {
      if (areParts && !withParts.has(table)) await createParts(within, target.schema, table);
      if (areParts) withParts.add(table);
      await copyIntoTable(within, { schema: target.schema, table: areParts ? partsOf(table) : table }, lines);
    }
  });
}

/** Fails if another build has taken the lease, so that no row of this build enters the tables of the other. */
async function requireLease(within: Transaction, target: ProjectionTarget, epoch: bigint): Promise<void> {
  const { rowCount } = await within.query(
    `select from docket.projection_leases where projection = $1 and version = $2 and fencing_epoch = $3 for share`,
    [target.ledger, target.version, epoch.toString()],
  );
  if (rowCount !== 1) throw new CheckpointMoved(target.ledger, target.version);
}

/**
 * Fills an empty table. The truncation gives it a new file in this transaction. With `wal_level = minimal`, which Docket's own
 * Postgres has, the rows then need no write-ahead log: the commit waits until the file is on disk. The rows are frozen, so
 * that the first reader, which is an index build, need not write their pages again.
 */
async function copyRows(
  within: Transaction,
  schema: string,
  table: Table,
  rows: Iterable<Values>,
): Promise<void> {
  await within.query(`truncate ${schema}.${table.name}`);
  await copyIntoTable(within, { schema, table, rows: 'frozen' }, linesOf(rows));
}

async function upsertRows(
  within: Transaction,
  schema: string,
  table: Table,
  rows: Iterable<Values>,
): Promise<void> {
  const statement = writeStatement(schema, table, { presentRows: 'refused' });
  let some: Values[] = [];
  const write = async (): Promise<void> => {
    if (some.length > 0) await within.query(statement, columnArrays(table, some));
    some = [];
  };
  for (const values of rows) {
    some.push(values);
    if (some.length >= ROWS_AT_ONCE) await write();
  }
  await write();
}

/**
 * An unlogged table that detects a crash of Postgres. The tables are filled by commits that do not wait for the disk,
 * and after a crash Postgres empties every unlogged table. A lost connection would prove nothing, because the pool
 * opens new connections.
 */
const markerOf = (schema: string): string => `${schema}.no_crash_since`;

async function setCrashMarker(on: Queryable, schema: string): Promise<void> {
  await on.query(`drop table if exists ${markerOf(schema)}`);
  await on.query(`create unlogged table ${markerOf(schema)} as select true as so_far`);
}

/** @throws ReadStoreUnavailable when Postgres crashed since `setCrashMarker`, so that rows may be lost */
async function removeCrashMarker(within: Queryable, schema: string): Promise<void> {
  const { rowCount } = await within.query(`select from ${markerOf(schema)}`);
  if (rowCount !== 1) throw new ReadStoreUnavailable('it crashed while tables were built');
  await within.query(`drop table ${markerOf(schema)}`);
}

/** The table that gathers more parts of sums that an `add` table may have, while it is filled. */
const partsOf = (table: Table): Pick<Table, 'name' | 'columns'> => ({
  name: `${table.name}_parts`,
  columns: table.columns,
});

/** Makes an empty parts table. It is unlogged: a crash of Postgres fails the build, which then starts again. */
async function createParts(on: Queryable, schema: string, table: Table): Promise<void> {
  const { name } = partsOf(table);
  await on.query(`create unlogged table ${schema}.${name} (like ${schema}.${table.name})`);
}

/** Adds the sums to the table itself, which has its key, and removes the parts. */
async function sumParts(within: Queryable, schema: string, table: Table): Promise<void> {
  const { name } = partsOf(table);
  const keys = table.columns.slice(0, table.keyColumns).map((column) => column.name);
  const sums = table.columns
    .slice(table.keyColumns)
    .map((column) => `sum(${column.name})::${column.type} as ${column.name}`);
  await within.query(
    `insert into ${schema}.${table.name} as present (${table.columns.map((column) => column.name).join(', ')})
     select ${[...keys, ...sums].join(', ')} from ${schema}.${name} group by ${keys.join(', ')} ${onConflict(table)}`,
  );
  await within.query(`drop table ${schema}.${name}`);
}

/**
 * Drops the keys of empty tables, except append-only tables, which have no key yet. A key that is made at the end
 * needs one sort. An existing key needs a search for every row.
 */
async function dropKeys<Event, Row extends FoldedRow>(
  on: Queryable,
  projection: Projection<Event, Row>,
  schema: string,
): Promise<void> {
  for (const { name } of keyedTables(projection))
    await on.query(`alter table ${schema}.${name} drop constraint ${name}_pkey`);
}

/**
 * Makes the keys again.
 * @throws the statement's error when two rows have the same key
 */
async function addKeys<Event, Row extends FoldedRow>(
  on: Queryable,
  projection: Projection<Event, Row>,
  schema: string,
): Promise<void> {
  for (const { name, columns, keyColumns } of keyedTables(projection)) {
    const key = columns.slice(0, keyColumns).map((column) => column.name);
    await on.query(`alter table ${schema}.${name} add primary key (${key.join(', ')})`);
  }
}

/** Tables with rows that are only appended have no key while they are built. */
function keyedTables<Event, Row extends FoldedRow>({
  rows,
  derived,
}: Projection<Event, Row>): readonly Table[] {
  return [rows, ...derived.filter(({ writes }) => writes !== 'append')];
}
