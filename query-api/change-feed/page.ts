/** A row of a topic as sockets send it: the whole row as JSON text, made once for all subscribers. */
export interface ChangedRow {
  readonly key: string;
  readonly owner: string;
  /** Commit position of the last event folded into the row. */
  readonly position: bigint;
  readonly json: string;
}

/** Rows after a position, in the order of their positions, from one statement. */
export interface Page {
  readonly epoch: string;
  /** The projection's checkpoint in the same snapshot as the rows. */
  readonly head: bigint;
  readonly rows: readonly ChangedRow[];
  /** True when there are more rows after the last row of the page. */
  readonly more: boolean;
}

/** The position before the first row. No position of the log is below 0. */
export const BEFORE_EVERYTHING = -1n;
