import { copyLines } from './copy-rows.ts';
import type { IsKnownKey } from './key-filter.ts';
import type { FoldedRow, Projection } from './projection-definition.ts';
import { runningSums, type Table, type Values } from './table.ts';

/** The rows that one COPY writes into a table. */
export interface Appended {
  readonly table: Table;
  readonly lines: readonly Buffer[];
  /** True for sums whose keys the table may have already. */
  readonly areParts: boolean;
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

/**
 * Collects rows as bytes for COPY, and sums for rows of `add` tables, by key.
 * @param filterOf makes the filter that tells which keys an `add` table may have, by the number of its key columns
 */
export function appendedRows<Event, Row extends FoldedRow>(
  { derived }: Projection<Event, Row>,
  filterOf: (keyColumns: number) => IsKnownKey,
): AppendedRows {
  const waiting = derived.map((table) =>
    table.writes === 'add'
      ? { table, lines: null, sums: runningSums(table), isKnown: filterOf(table.keyColumns) }
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
    take: () => {
      const taken: Appended[] = [];
      for (const each of waiting) {
        const { table } = each;
        if (each.sums === null) taken.push({ table, lines: each.lines.take(), areParts: false });
        else {
          // Most sums are of a minute that is over, so they are whole. COPY writes them where they stay.
          const whole = copyLines();
          const parts = copyLines();
          for (const values of each.sums.take()) (each.isKnown(values) ? parts : whole).add(values);
          taken.push({ table, lines: whole.take(), areParts: false });
          taken.push({ table, lines: parts.take(), areParts: true });
        }
      }
      return taken.filter(({ lines }) => lines.length > 0);
    },
  };
}
