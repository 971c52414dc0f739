import { copyLines, linesOf } from './copy-rows.ts';
import type { FoldedRow, Projection } from './projection-definition.ts';
import { runningSums, type Table, type Values } from './table.ts';

/** The rows that one COPY writes into a table. */
export interface Appended {
  readonly table: Table;
  readonly lines: Iterable<Buffer>;
}

/** Holds rows of derived tables that will not change, and sums, until they are written. */
export interface AppendedRows {
  /** @param derived index of the derived table */
  add(this: void, derived: number, values: Values): void;
  /** Number of waiting bytes and of waiting sums. */
  bytes(): number;
  sums(): number;
  /** Returns everything that waits, table by table, and empties the buffers. */
  take(): Appended[];
}

/** Collects rows as bytes for COPY, and sums for rows of `add` tables, by key. */
export function appendedRows<Event, Row extends FoldedRow>({
  derived,
}: Projection<Event, Row>): AppendedRows {
  const waiting = derived.map((table) =>
    table.writes === 'add'
      ? { table, lines: null, sums: runningSums(table) }
      : { table, lines: copyLines(), sums: null },
  );
  return {
    add: (index, values) => {
      const { lines, sums } = waiting[index]!;
      if (lines === null) sums.add(values);
      else lines.add(values);
    },
    bytes: () => waiting.reduce((all, { lines }) => all + (lines?.bytes() ?? 0), 0),
    sums: () => waiting.reduce((all, { sums }) => all + (sums?.size() ?? 0), 0),
    take: () =>
      waiting
        .map(({ table, lines, sums }) => ({
          table,
          lines: lines === null ? [...linesOf(sums.take())] : lines.take(),
        }))
        .filter(({ lines }) => lines.length > 0),
  };
}
