/** A row of a topic as it goes on the wire: the whole row as JSON text, made once for every subscriber. */
export interface ChangedRow {
  readonly key: string;
  readonly owner: string;
  /** Commit position of the last event folded into the row. */
  readonly position: bigint;
  readonly json: string;
}

/** Rows past a position, in the order of their position, as one statement saw them. */
export interface Page {
  readonly epoch: string;
  /** The projection's checkpoint in the same snapshot as the rows. */
  readonly head: bigint;
  readonly rows: readonly ChangedRow[];
  /** Rows past the last one were left out. */
  readonly more: boolean;
}

/** Before the first row; no position of the log is below 0. */
export const BEFORE_EVERYTHING = -1n;
