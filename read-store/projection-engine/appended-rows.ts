import { copyLines, linesOf } from './copy-rows.ts';
import type { FoldedRow, Projection } from './projection-definition.ts';
import { runningSums, type Table, type Values } from './table.ts';

/** What a table is given by one COPY. */
export interface Appended {
  readonly table: Table;
  readonly lines: Iterable<Buffer>;
}

/** Rows of derived tables that nothing changes any more, and sums, until they are written. */
export interface AppendedRows {
  /** @param derived the number of the derived table */
  add(this: void, derived: number, values: Values): void;
  /** How many bytes wait, and how many sums. */
  bytes(): number;
  sums(): number;
  /** Gives away what waits, a table after the other, and begins anew. */
  take(): Appended[];
}

/** Collects rows as the bytes of COPY, and sums by key what is added to other rows. */
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
