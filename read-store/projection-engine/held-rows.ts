import type { Change } from './fold-batch.ts';
import type { FoldedRow, Projection } from './projection-definition.ts';
import type { RowCache } from './row-cache.ts';
import { merged, sameKey, type Table, type Values } from './table.ts';

/** Rows that are not written yet, each in its latest form. */
export interface HeldRows<Row> {
  /** The rows of the row table by key; undefined for a stream without a row. */
  readonly rows: Pick<RowCache<Row>, 'has' | 'get'>;
  /**
   * Takes the changes of a batch. Rows of append-only tables never change later, so these rows go to `append` at
   * once, with the index of their table.
   */
  take(changes: Iterable<Change<Row>>, append: (derived: number, values: Values) => void): void;
  /** Number of rows in memory. */
  size(): number;
  /** All rows, table by table. */
  all(): Iterable<{ readonly table: Table; readonly rows: Iterable<Values> }>;
}

/** The rows of one stream. No other stream uses the keys of its derived rows, so they need no map. */
interface HeldStream<Row> {
  row: Row | undefined;
  /** The rows by the index of their derived table, for tables whose rows are replaced. */
  readonly replaced: Values[][];
}

/** Holds rows in memory, for tables that are filled before anybody reads them. */
export function holdRows<Event, Row extends FoldedRow>(projection: Projection<Event, Row>): HeldRows<Row> {
  const streams = new Map<string, HeldStream<Row>>();
  const { derived } = projection;
  const replacedOnes = derived.flatMap(({ writes }, index) => (writes === 'replace' ? [index] : []));
  let others = 0;

  const hold = (table: Table, held: Values[], values: Values): void => {
    const at = held.findIndex((older) => sameKey(table, older, values));
    if (at >= 0) held[at] = merged(table, held[at]!, values);
    else {
      held.push(values);
      others += 1;
    }
  };
  return {
    rows: { has: (key) => streams.has(key), get: (key) => streams.get(key)?.row },
    take: (changes, append) => {
      for (const { key, row, derived: entries } of changes) {
        let stream = streams.get(key);
        if (stream === undefined) {
          stream = { row, replaced: replacedOnes.map(() => []) };
          streams.set(key, stream);
        } else stream.row = row;
        let replaced = 0;
        for (let index = 0; index < derived.length; index += 1) {
          const table = derived[index]!;
          const held = table.writes === 'replace' ? stream.replaced[replaced] : undefined;
          for (const values of entries[index]!)
            if (held) hold(table, held, values);
            else append(index, values);
          if (held) replaced += 1;
        }
      }
    },
    size: () => streams.size + others,
    all: function* () {
      yield { table: projection.rows, rows: rowsOf(projection, streams.values()) };
      for (const [place, index] of replacedOnes.entries())
        yield { table: derived[index]!, rows: replacedIn(streams.values(), place) };
    },
  };
}

function* rowsOf<Event, Row extends FoldedRow>(
  { rows }: Projection<Event, Row>,
  streams: Iterable<HeldStream<Row>>,
): Generator<Values> {
  for (const { row } of streams) if (row !== undefined) yield rows.valuesOf(row);
}

function* replacedIn(streams: Iterable<HeldStream<unknown>>, place: number): Generator<Values> {
  for (const { replaced } of streams) yield* replaced[place]!;
}
