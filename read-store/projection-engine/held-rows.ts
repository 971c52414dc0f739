import type { Change } from './fold-batch.ts';
import type { FoldedRow, Projection } from './projection.ts';
import { merged, summed, type Table, type TableRows, type Values } from './table.ts';

/** Rows that are not written yet, each as its last change left it. */
export interface HeldRows<Row> {
  /** The rows of the row table by key, undefined for a stream that has none. */
  readonly rows: Map<string, Row | undefined>;
  /** Takes the changes of a batch, and answers the rows that nothing will change, and what is added to others. */
  take(changes: Iterable<Change<Row>>): TableRows[];
  /** How many rows are held. */
  size(): number;
  /** All of them, a table after the other. */
  all(): Iterable<TableRows>;
}

export function holdRows<Event, Row extends FoldedRow>(projection: Projection<Event, Row>): HeldRows<Row> {
  const rows = new Map<string, Row | undefined>();
  const derived = projection.derived.map((table) => ({ table, byKey: new Map<string, Values>() }));

  const hold = ({ table, byKey }: (typeof derived)[number], entries: readonly Values[]): void => {
    for (const values of entries) {
      const key = keyOf(table, values);
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
        for (const [index, each] of derived.entries())
          if (each.table.writes === 'replace') hold(each, entries[index]!);
          else for (const values of entries[index]!) given[index]!.rows.push(values);
      }
      return given
        .filter((each) => each.rows.length > 0)
        .map(({ table, rows: all }) => ({ table, rows: table.writes === 'add' ? summed(table, all) : all }));
    },
    size: () => derived.reduce((sum, { byKey }) => sum + byKey.size, rows.size),
    all: function* () {
      yield { table: projection.rows, rows: valuesOf(projection, rows.values()) };
      for (const { table, byKey } of derived)
        if (table.writes === 'replace') yield { table, rows: [...byKey.values()] };
    },
  };
}

function valuesOf<Event, Row extends FoldedRow>(
  projection: Projection<Event, Row>,
  rows: Iterable<Row | undefined>,
): Values[] {
  const values: Values[] = [];
  for (const row of rows) if (row !== undefined) values.push(projection.rows.valuesOf(row));
  return values;
}

function keyOf({ keyColumns }: Table, values: Values): string {
  let key = '';
  for (let column = 0; column < keyColumns; column += 1) key += `${String(values[column])}\u001f`;
  return key;
}
