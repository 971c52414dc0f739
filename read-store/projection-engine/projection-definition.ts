import type { StoredEvent } from './stored-event.ts';
import type { Table, Values } from './table.ts';

/** A row knows the last event folded into it; that is what makes a repeated event harmless (R02.02). */
export interface FoldedRow {
  readonly revision: bigint;
}

/** The table that holds one row a stream: the fold itself. */
export interface RowTable<Row extends FoldedRow> extends Table {
  valuesOf(row: Row): Values;
  /** The inverse: a row as `select *` gives it. */
  rowOf(record: Readonly<Record<string, unknown>>): Row;
}

/** A table that follows from the events: a timeline, parts of a row, counters by the minute. */
export interface DerivedTable<Event, Row extends FoldedRow> extends Table {
  /**
   * The rows that one event adds or replaces; none as long as there is no row after it. Unless the table is an `add`
   * one, their primary key belongs to the event's stream alone. What is added is added once: the stream's own row
   * remembers the event, and both are written in the transaction of the checkpoint.
   */
  entriesOf(
    event: Event,
    recorded: StoredEvent,
    before: Row | undefined,
    after: Row | undefined,
  ): readonly Values[];
}

/**
 * A projection is a pure fold and the description of the tables it fills. It holds nothing that could cause an effect
 * (promise 10); the engine does the reading and the writing. What its functions throw quarantines the stream.
 */
export interface Projection<Event, Row extends FoldedRow> {
  readonly name: string;
  /** Raised when the fold or a table changes; the tables of two versions stand side by side. */
  readonly version: number;
  /** The key of the row that a stream is folded into; null for a stream that is none of its business. */
  keyOf(stream: string): string | null;
  /** Lifts and checks an event of the log. */
  understand(recorded: StoredEvent): Event;
  /** The row after the event; undefined as long as there is nothing to show. */
  fold(row: Row | undefined, event: Event, recorded: StoredEvent): Row | undefined;
  readonly rows: RowTable<Row>;
  readonly derived: readonly DerivedTable<Event, Row>[];
}

/** Where the tables of a projection stand, and under which name its checkpoint is kept. */
export interface ProjectionTarget {
  /** Name in `docket.checkpoints`, `docket.projection_leases` and `docket.quarantine`. */
  readonly ledger: string;
  readonly version: number;
  readonly schema: string;
  /**
   * True while tables are built beside the current ones: losing the last commits only means doing them again, and
   * tables that are only appended to get their keys at the end.
   */
  readonly underConstruction: boolean;
}
