import { crashPoint } from '../../runtime/crash-points.ts';
import type { Queryable, ReadStore } from '../pool.ts';
import { moveCheckpoint, type CheckpointMove, markValues } from './checkpoint.ts';
import { areValuesRefused, RowsRefused, CheckpointMoved } from './projection-errors.ts';
import type { Change, Quarantined } from './fold-batch.ts';
import type { FoldedRow, Projection, ProjectionTarget } from './projection-definition.ts';
import { holdStreams, releaseStreams } from './quarantine.ts';
import { columnArrays, writeStatement } from './statement.ts';
import { summed, type TableRows, type Values } from './table.ts';

export interface Commit<Row> extends CheckpointMove {
  readonly changes: readonly Change<Row>[];
  readonly quarantined: readonly Quarantined[];
  /** Streams that leave quarantine with this batch. */
  readonly released: readonly string[];
}

/**
 * Writes a folded batch: rows, quarantine and checkpoint in one transaction. The usual batch is one statement.
 * @throws CheckpointMoved when another writer has moved the checkpoint
 * @throws RowsRefused when Postgres refused the values of some streams. These streams are then in quarantine,
 * everything else is written, and the caller's rows in memory are no longer right.
 * @throws ReadStoreUnavailable
 */
export async function commitBatch<Event, Row extends FoldedRow>(
  {
    store,
    projection,
    target,
  }: {
    readonly store: ReadStore;
    readonly projection: Projection<Event, Row>;
    readonly target: ProjectionTarget;
  },
  fencingEpoch: bigint,
  commit: Commit<Row>,
): Promise<void> {
  const inOneTransaction = (write: (within: Queryable) => Promise<readonly Quarantined[]>) =>
    store.transaction(async (within) => {
      if (target.underConstruction) await within.query('set local synchronous_commit = off');
      await moveCheckpoint(within, target, fencingEpoch, commit);
      crashPoint('before-rows');
      if (commit.released.length > 0) await releaseStreams(within, target, commit.released);
      const refused = await write(within);
      await holdStreams(within, target, [...commit.quarantined, ...refused]);
      return refused;
    });
  try {
    const { from, to, mark, changes, quarantined, released } = commit;
    if (from !== null && quarantined.length === 0 && released.length === 0) {
      await commitAtOnce(store, target, { fencingEpoch, from, to, mark }, rowsOf(projection, changes));
      crashPoint('after-commit');
      return;
    }
    await inOneTransaction(async (within) => {
      await writeChanges(within, projection, target, commit.changes);
      return [];
    });
    crashPoint('after-commit');
  } catch (error) {
    if (!areValuesRefused(error)) throw error;
    const refused = await inOneTransaction((within) =>
      writeAcceptedRows(within, projection, target, commit.changes),
    );
    if (refused.length > 0) throw new RowsRefused(refused.map(({ recorded }) => recorded.stream));
  }
}

/** The rows of the changes, as one list for each table. */
function rowsOf<Event, Row extends FoldedRow>(
  projection: Projection<Event, Row>,
  changes: readonly Change<Row>[],
): TableRows[] {
  const rows = changes.flatMap(({ row }) => (row === undefined ? [] : [projection.rows.valuesOf(row)]));
  const derived = projection.derived.map((table, index) => {
    const entries: Values[] = [];
    for (const change of changes) entries.push(...change.derived[index]!);
    // One statement cannot change a row twice. So the numbers that several streams add to a row are summed first.
    return { table, rows: table.writes === 'add' ? summed(table, entries) : entries };
  });
  return [{ table: projection.rows, rows }, ...derived];
}

async function writeChanges<Event, Row extends FoldedRow>(
  on: Queryable,
  projection: Projection<Event, Row>,
  { schema, underConstruction }: ProjectionTarget,
  changes: readonly Change<Row>[],
): Promise<void> {
  // Tables under construction have no keys yet, so Postgres cannot look for existing rows.
  const presentRows = underConstruction ? 'refused' : 'kept';
  for (const { table, rows } of rowsOf(projection, changes)) {
    if (rows.length === 0) continue;
    await on.query(writeStatement(schema, table, { presentRows }), columnArrays(table, rows));
  }
}

/**
 * Writes all changes that Postgres accepts. Bisection finds the changes that Postgres refuses. They are rare, so this
 * function may be slow.
 */
async function writeAcceptedRows<Event, Row extends FoldedRow>(
  on: Queryable,
  projection: Projection<Event, Row>,
  target: ProjectionTarget,
  changes: readonly Change<Row>[],
): Promise<Quarantined[]> {
  await on.query('savepoint offered');
  try {
    await writeChanges(on, projection, target, changes);
    await on.query('release savepoint offered');
    return [];
  } catch (error) {
    if (!areValuesRefused(error)) throw error;
    await on.query('rollback to savepoint offered');
    const [only] = changes;
    if (changes.length === 1 && only)
      return [{ recorded: only.first, reason: `Postgres refuses it: ${(error as Error).message}` }];
  }
  const half = Math.ceil(changes.length / 2);
  const first = await writeAcceptedRows(on, projection, target, changes.slice(0, half));
  const second = await writeAcceptedRows(on, projection, target, changes.slice(half));
  return [...first, ...second];
}

/** Moves the checkpoint under the writer's lease, or writes nothing. `commitAtOnce` gives $1 to $8. */
function moveStatement({ underConstruction }: ProjectionTarget): string {
  const commits = underConstruction ? 'off' : 'on';
  return `
lease as materialized (
  select 1 from docket.projection_leases where projection = $1 and version = $2 and fencing_epoch = $3 for share
), moved as (
  update docket.checkpoints
  set commit_position = $4::bigint, prepare_position = $4::bigint, updated_at = now(),
    log_id = coalesce($6, log_id), event_id = coalesce($7, event_id),
    event_position = coalesce($8::bigint, event_position)
  from (select set_config('synchronous_commit', '${commits}', true)) durable
  where projection = $1 and version = $2 and commit_position = $5::bigint and exists (select from lease)
  returning 1
)`;
}

/**
 * Writes a batch and its checkpoint as one statement: one transaction, one round trip, planned once for each
 * connection. Under load, a live projection spends most of its time in this statement.
 * @throws CheckpointMoved when another writer has written; ReadStoreUnavailable, with the outcome unknown
 */
async function commitAtOnce(
  store: Pick<ReadStore, 'prepared'>,
  target: ProjectionTarget,
  { fencingEpoch, from, to, mark }: CheckpointMove & { readonly fencingEpoch: bigint; readonly from: bigint },
  writes: readonly TableRows[],
): Promise<void> {
  const { ledger, version, schema } = target;
  const place = [fencingEpoch.toString(), to.toString(), from.toString()];
  const values: unknown[] = [ledger, version, ...place, ...markValues(mark)];
  const parts = [moveStatement(target)];
  for (const { table, rows } of writes) {
    if (rows.length === 0) continue;
    const statement = writeStatement(schema, table, {
      // An event is folded once, so the rows that it appends are new. If one exists, Postgres refuses the batch, and
      // `commitBatch` writes each table with a separate statement.
      presentRows: 'refused',
      firstParameter: values.length + 1,
      onlyIf: 'exists (select from moved)',
    });
    parts.push(`wrote_${table.name} as (${statement})`);
    values.push(...columnArrays(table, rows));
  }
  const { rows } = await store.prepared(`with ${parts.join(', ')} select from moved`, values);
  if (rows.length !== 1) throw new CheckpointMoved(ledger, version);
}
