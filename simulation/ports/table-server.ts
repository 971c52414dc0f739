import type { ShownRow } from '../../query-api/tables/job-row.ts';
import { jobsProjection } from '../../projector/jobs/jobs-projection.ts';
import { CheckpointMoved } from '../../read-store/projection-engine/projection-errors.ts';
import type { Change } from '../../read-store/projection-engine/fold-batch.ts';
import { merged, type Column, type Table, type Values } from '../../read-store/projection-engine/table.ts';
import type { JobRow } from '../../read-tables/jobs/jobs-table.ts';
import type { LogMark } from '../../schemas/events/log-mark.ts';
import type { World } from '../engine/world.ts';

/** The read tables of one build of projection `jobs`. */
export interface Tables {
  readonly rows: Map<string, Values>;
  readonly derived: readonly Map<string, Values>[];
}

export interface Batch {
  readonly changes: readonly Change<JobRow>[];
  readonly from: bigint | null;
  readonly to: bigint;
  readonly mark: LogMark | null;
  readonly fence: number;
  /** The generation of the log from which the tables were folded, as `LogServer.generation` counts. */
  readonly generation: number;
}

/** The Postgres of the read side. Each method is one transaction. */
export interface TableServer {
  tables(): Tables;
  checkpoint(): bigint | null;
  /** The event at the checkpoint. */
  mark(): LogMark | null;
  /**
   * Empties the tables, because the log was replaced.
   * @throws CheckpointMoved
   */
  startOver(fence: number): void;
  /** Changes when the tables are rebuilt or switched. */
  epoch(): string;
  /** Takes the lease for writing. The batches of the previous holder are then refused. */
  takeLease(): number;
  /** @throws CheckpointMoved */
  assertMayWrite(batch: Batch): void;
  /** @throws CheckpointMoved */
  commit(batch: Batch): void;
  writeRows(changes: Batch['changes']): void;
  writeDerived(changes: Batch['changes']): void;
  moveCheckpoint(batch: Pick<Batch, 'to' | 'mark' | 'generation'>): void;
  switchTo(tables: Tables): void;
  /** Calls the listener once, after the next commit. */
  onceMoved(listener: () => void): void;
}

export function emptyTables(): Tables {
  return { rows: new Map(), derived: jobsProjection.derived.map(() => new Map<string, Values>()) };
}

export function createTableServer(world: World, head: () => bigint, generation: () => number): TableServer {
  let tables: Tables = emptyTables();
  let checkpoint: bigint | null = null;
  let epochNumber = 1;
  let fence = 0;
  let mark: LogMark | null = null;
  let waiting: (() => void)[] = [];

  const server: TableServer = {
    tables: () => tables,
    checkpoint: () => checkpoint,
    mark: () => mark,
    startOver: (asked) => {
      if (asked !== fence) throw new CheckpointMoved('jobs', 1);
      tables = emptyTables();
      checkpoint = null;
      mark = null;
      epochNumber += 1;
    },
    epoch: () => `00000000-0000-4000-8000-${String(epochNumber).padStart(12, '0')}`,
    takeLease: () => (fence += 1),
    assertMayWrite: (batch) => {
      if (batch.fence !== fence || batch.from !== checkpoint) throw new CheckpointMoved('jobs', 1);
    },
    commit: (batch) => {
      server.assertMayWrite(batch);
      server.writeRows(batch.changes);
      server.writeDerived(batch.changes);
      server.moveCheckpoint(batch);
    },
    writeRows: (changes) => writeRows(tables, changes),
    writeDerived: (changes) => writeDerived(tables, changes),
    moveCheckpoint: ({ to, mark: stands, generation: folded }) => {
      if (checkpoint !== null && to < checkpoint)
        world.broken('4 tables', `the checkpoint went back to ${to}`);
      // Only a commit that was in flight while an older log was put back may lie beyond the head. Its mark tells the
      // next session that the log changed.
      if (to > head() && folded === generation())
        world.broken('4 tables', `the checkpoint ${to} is beyond the head of the log`);
      checkpoint = to;
      mark = stands ?? mark;
      const woken = waiting;
      waiting = [];
      for (const wake of woken) wake();
    },
    switchTo: (rebuilt) => {
      tables = rebuilt;
      epochNumber += 1;
    },
    onceMoved: (listener) => void waiting.push(listener),
  };
  return server;
}

function writeRows(tables: Tables, changes: Batch['changes']): void {
  for (const { key, row } of changes) {
    if (row === undefined) continue;
    const values = jobsProjection.rows.valuesOf(row);
    const present = tables.rows.get(key);
    if (!present || revisionOf(present) < revisionOf(values)) tables.rows.set(key, values);
  }
}

function writeDerived(tables: Tables, changes: Batch['changes']): void {
  jobsProjection.derived.forEach((table, index) => {
    const entries = tables.derived[index]!;
    for (const { derived } of changes)
      for (const values of derived[index]!.values()) write(entries, table, values);
  });
}

function write(entries: Map<string, Values>, table: Table, values: Values): void {
  const key = values.slice(0, table.keyColumns).join(' ');
  const present = entries.get(key);
  if (!present) entries.set(key, values);
  else if (table.writes === 'replace') entries.set(key, merged(table, present, values));
}

const revisionColumn = jobsProjection.rows.columns.findIndex(({ name }) => name === 'revision');

function revisionOf(values: Values): bigint {
  return values[revisionColumn] as bigint;
}

/** A row as `pg` returns it: bigint as text, timestamptz as Date, jsonb parsed. */
export function recordOfValues(values: Values): Record<string, unknown> {
  return Object.fromEntries(
    jobsProjection.rows.columns.map((column, index) => [column.name, asRead(column, values[index])]),
  );
}

/** A row as a list shows it. The simulated gateway reports no invoice, so no job counts as converted earlier. */
export function shownRow(values: Values): ShownRow {
  const before = { before_job_id: null, before_filename: null, before_at: null };
  return { ...recordOfValues(values), ...before } as unknown as ShownRow;
}

function asRead(column: Column, value: Values[number] | undefined): unknown {
  if (value === null || value === undefined) return null;
  if (column.type === 'bigint') return String(value);
  if (column.type === 'timestamptz') return new Date(String(value));
  return column.type === 'jsonb' ? (JSON.parse(String(value)) as unknown) : value;
}
