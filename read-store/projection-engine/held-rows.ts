import { copyLine, recordOfLine, valuesOfLine } from './copy-text.ts';
import type { Change } from './fold-batch.ts';
import type { FoldedRow, Projection } from './projection-definition.ts';
import { restingRows } from './resting-rows.ts';
import type { RowCache } from './row-cache.ts';
import { keyText, merged, summed, type Table, type TableRows, type Values } from './table.ts';

/** The lines of COPY that a table's rows are. */
export interface TableLines {
  readonly table: Table;
  readonly lines: Iterable<string>;
}

/** Rows that are not written yet, each as its last change left it. */
export interface HeldRows<Row> {
  /** The rows of the row table by key, undefined for a stream that has none. */
  readonly rows: RowCache<Row>;
  /** Takes the changes of a batch, and answers the rows that nothing will change, and what is added to others. */
  take(changes: Iterable<Change<Row>>): TableRows[];
  /** How many rows are held. */
  size(): number;
  /** All of them, a table after the other. */
  all(): Iterable<TableLines>;
}

/** @param awakeMax as of `restingRows`, of each table */
export function holdRows<Event, Row extends FoldedRow>(
  projection: Projection<Event, Row>,
  awakeMax: number,
): HeldRows<Row> {
  const rows = restingRows<Row>(
    {
      textOf: (row) => copyLine(projection.rows.valuesOf(row)),
      valueOf: (line) => projection.rows.rowOf(recordOfLine(projection.rows, line)),
    },
    awakeMax,
  );
  const derived = projection.derived.map((table) => ({
    table,
    byKey: restingRows<Values>({ textOf: copyLine, valueOf: valuesOfLine }, awakeMax),
  }));

  const hold = ({ table, byKey }: (typeof derived)[number], entries: readonly Values[]): void => {
    for (const values of entries) {
      const key = keyText(table, values);
      const held = byKey.get(key);
      byKey.set(key, held === undefined ? values : merged(table, held, values));
    }
  };
  return {
    rows,
    take: (changes) => {
      const given = projection.derived.map((table) => ({ table, rows: [] as Values[] }));
      for (const { key, row, derived: entries } of changes) {
        rows.set(key, row);
        for (let index = 0; index < derived.length; index += 1)
          if (derived[index]!.table.writes === 'replace') hold(derived[index]!, entries[index]!);
          else for (const values of entries[index]!) given[index]!.rows.push(values);
      }
      return given
        .filter((each) => each.rows.length > 0)
        .map(({ table, rows: all }) => ({ table, rows: table.writes === 'add' ? summed(table, all) : all }));
    },
    size: () => derived.reduce((sum, { byKey }) => sum + byKey.size(), rows.size()),
    all: function* () {
      yield { table: projection.rows, lines: rows.texts() };
      for (const { table, byKey } of derived)
        if (table.writes === 'replace') yield { table, lines: byKey.texts() };
    },
  };
}
