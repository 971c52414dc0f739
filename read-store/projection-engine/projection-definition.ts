import type { StoredEvent } from './stored-event.ts';
import type { Table, Values } from './table.ts';

/** A row names the last event that was folded into it. So a repeated event has no effect (R02.02). */
export interface FoldedRow {
  readonly revision: bigint;
}

/** The table with one row for each stream: the fold itself. */
export interface RowTable<Row extends FoldedRow> extends Table {
  valuesOf(row: Row): Values;
  /** The inverse of `valuesOf`: reads a row that `select *` returned. */
  rowOf(record: Readonly<Record<string, unknown>>): Row;
}

/** A table that is derived from the events: a timeline, parts of a row, counters by the minute. */
export interface DerivedTable<Event, Row extends FoldedRow> extends Table {
  /**
   * Returns the rows that one event adds or replaces; none while the stream has no row. Outside `add` tables, no other
   * stream may write a row with the same primary key. In `add` tables, no event counts twice, because one transaction
   * writes these rows, the stream's row with its revision, and the checkpoint.
   */
  entriesOf(
    event: Event,
    recorded: StoredEvent,
    before: Row | undefined,
    after: Row | undefined,
  ): readonly Values[];
}

/**
 * A projection: a pure fold, and the definitions of the tables that it fills. It contains nothing that could cause an
 * effect (promise 10); the engine reads and writes. If one of its functions throws, the stream goes into quarantine.
 */
export interface Projection<Event, Row extends FoldedRow> {
  readonly name: string;
  /** The version, which rises when the fold or a table changes. The tables of two versions exist side by side. */
  readonly version: number;
  /** The key of the row for a stream; null for a stream that the projection ignores. */
  keyOf(stream: string): string | null;
  /** Upcasts and checks an event of the log. */
  understand(recorded: StoredEvent): Event;
  /** The row after the event; undefined while there is nothing to show. */
  fold(row: Row | undefined, event: Event, recorded: StoredEvent): Row | undefined;
  /** True for a row that will rarely change again. It leaves memory when it is written, and is read when it changes. */
  rests(row: Row): boolean;
  readonly rows: RowTable<Row>;
  readonly derived: readonly DerivedTable<Event, Row>[];
}

/** The place of a projection's tables, and the name of its checkpoint. */
export interface ProjectionTarget {
  /** The name of the projection in `docket.checkpoints`, `docket.projection_leases` and `docket.quarantine`. */
  readonly ledger: string;
  readonly version: number;
  readonly schema: string;
  /**
   * True while tables are built beside the current ones. Then commits need not be durable, because lost work is
   * repeated, and append-only tables get their keys at the end.
   */
  readonly underConstruction: boolean;
}
