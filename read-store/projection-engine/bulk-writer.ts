import type { Transaction } from '../transaction.ts';
import { markAfterBatch } from './batch-mark.ts';
import { moveCheckpoint, readStanding, type Checkpoint } from './checkpoint.ts';
import { copyLines, copyRows } from './copy-rows.ts';
import { valuesOfLine } from './copy-text.ts';
import { removeCrashMarker, setCrashMarker } from './crash-marker.ts';
import { CheckpointMoved } from './errors.ts';
import type { Quarantined } from './fold-batch.ts';
import { foldWithRows } from './fold-with-rows.ts';
import { holdRows } from './held-rows.ts';
import type { FoldedRow, ProjectionTarget } from './projection.ts';
import { createParts, partsOf, sumParts } from './parts-table.ts';
import { addKeys, dropKeys } from './written-keys.ts';
import { heldStreams, holdStreams } from './quarantine.ts';
import { columnArrays, writeStatement } from './statement.ts';
import type { StoredEvent } from './stored-event.ts';
import type { Table, TableRows, Values } from './table.ts';
import type { WriterOptions } from './writer-options.ts';
import type { Applied, ProjectionWriter } from './writer.ts';

/** Rows of one insert. */
const ROWS_AT_ONCE = 10_000;

/** Fills tables that nobody reads yet; what it has written counts only when `finish` has moved the checkpoint. */
export interface BulkWriter extends Pick<ProjectionWriter, 'heldStreams' | 'apply'> {
  /** Up to where it has folded. */
  checkpoint(): Checkpoint;
  /** Memory holds as many rows as it may: `finish`, and go on with another writer. */
  isFull(): boolean;
  /** Writes the rows in memory and the checkpoint, in one transaction. */
  finish(): Promise<void>;
  /** Resolves when nothing is at work any more, whether it went well or not. */
  settled(): Promise<unknown>;
}

/**
 * A writer for tables under construction (ADR 0057). Rows that are only appended go to Postgres by COPY, batch by
 * batch, and so do parts of sums; rows that may change again are held in memory and written once. There is no checkpoint
 * between: a build that dies is begun again, and a value that Postgres refuses fails the whole of it.
 *
 * @param options.rowsMax how many rows are held
 * @param options.awakeMax as of `holdRows`
 * @throws ReadStoreUnavailable
 */
export async function openBulkWriter<Event, Row extends FoldedRow>(
  options: WriterOptions<Event, Row> & { readonly rowsMax: number; readonly awakeMax: number },
): Promise<BulkWriter> {
  const { store, projection, target, rowsMax, awakeMax } = options;
  const { checkpoint: from, mark: markBefore } = await readStanding(store, target);
  await setCrashMarker(store, target.schema);
  const isNew = from === null;
  if (isNew) await dropKeys(store, projection, target.schema);
  const streamsHeld = await heldStreams(store, target);
  const held = holdRows(projection, awakeMax);
  const summed = new Set<Table>();
  const quarantined: Quarantined[] = [];
  let folded = from;
  let mark = markBefore;
  let folding: Promise<unknown> = Promise.resolve();
  let writing: Promise<unknown> = Promise.resolve();
  let writingBefore: Promise<unknown> = Promise.resolve();

  const foldNext = async (batch: readonly StoredEvent[], through: bigint) => {
    const result = await foldWithRows(options, { held: streamsHeld, rows: held.rows }, batch, folded);
    for (const { recorded } of result.quarantined) streamsHeld.add(recorded.stream);
    quarantined.push(...result.quarantined);
    folded = folded === null || through > folded ? through : folded;
    mark = markAfterBatch(mark, batch, folded);
    return { result, given: held.take(result.changes.values()) };
  };
  const apply = (batch: readonly StoredEvent[], through: bigint): Promise<Applied> => {
    const ready = Promise.all([folding, writingBefore]).then(() => foldNext(batch, through));
    const written = Promise.all([ready, writing]).then(async ([{ result, given }]) => {
      if (given.length > 0) await append(options, summed, given);
      return { events: result.applied, quarantined: result.quarantined };
    });
    folding = ready;
    writingBefore = writing;
    writing = written;
    for (const copy of [ready, written]) copy.catch(() => undefined);
    return written;
  };
  return {
    checkpoint: () => folded,
    heldStreams: () => streamsHeld,
    isFull: () => held.size() >= rowsMax,
    apply,
    finish: async () => {
      await writing;
      const to = folded;
      await store.transaction(async (within) => {
        await removeCrashMarker(within, target.schema);
        if (to !== null && to !== from) {
          await moveCheckpoint(within, target, options.fencingEpoch, { from, to, mark });
          // Where nothing was written before, no row can be there already.
          const write = isNew ? copyLines : upsertLines;
          for (const { table, lines } of held.all()) await write(within, target.schema, table, lines);
          for (const table of summed) await sumParts(within, target.schema, table, isNew);
          await holdStreams(within, target, quarantined);
        }
        if (isNew) await addKeys(within, projection, target.schema);
      });
    },
    settled: () => Promise.allSettled([folding, writing, writingBefore]),
  };
}

/** Rows that nothing changes, and parts of sums. They are safe on disk when `finish` is committed, which is later. */
async function append<Event, Row extends FoldedRow>(
  { store, target, fencingEpoch }: WriterOptions<Event, Row>,
  summed: Set<Table>,
  given: readonly TableRows[],
): Promise<void> {
  await store.transaction(async (within) => {
    await within.query('set local synchronous_commit = off');
    await requireLease(within, target, fencingEpoch);
    for (const { table, rows } of given) {
      const isSum = table.writes === 'add';
      if (isSum && !summed.has(table)) await createParts(within, target.schema, table);
      if (isSum) summed.add(table);
      await copyRows(within, target.schema, isSum ? partsOf(table) : table, rows);
    }
  });
}

/** Another build may have taken the lease and begun the tables again: nothing of this one may end up in those. */
async function requireLease(within: Transaction, target: ProjectionTarget, epoch: bigint): Promise<void> {
  const { rowCount } = await within.query(
    `select from docket.projection_leases where projection = $1 and version = $2 and fencing_epoch = $3 for share`,
    [target.ledger, target.version, epoch.toString()],
  );
  if (rowCount !== 1) throw new CheckpointMoved(target.ledger, target.version);
}

async function upsertLines(
  within: Transaction,
  schema: string,
  table: Table,
  lines: Iterable<string>,
): Promise<void> {
  const statement = writeStatement(schema, table, { appendsTo: 'keyless' });
  let rows: Values[] = [];
  const write = async (): Promise<void> => {
    if (rows.length > 0) await within.query(statement, columnArrays(table, rows));
    rows = [];
  };
  for (const line of lines) {
    rows.push(valuesOfLine(line));
    if (rows.length >= ROWS_AT_ONCE) await write();
  }
  await write();
}
