/** A value for a column: jsonb as text, an instant as ISO 8601. */
export type ColumnValue = string | number | bigint | boolean | null;
/** The values of one table row, in the order of the table's columns. */
export type Values = readonly ColumnValue[];

export interface Column {
  readonly name: string;
  readonly type: 'uuid' | 'text' | 'integer' | 'bigint' | 'boolean' | 'jsonb' | 'timestamptz';
  /** A null in a newer row keeps the older row's value. */
  readonly keepsOlder?: boolean;
}

export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  /** Number of columns in the primary key, which are the first columns of the table. */
  readonly keyColumns: number;
  /**
   * `append`: an existing row is not changed. `replace`: the newer row replaces the older row. `add`: the columns
   * after the key are numbers that are added to the stored numbers; many streams may add to one row.
   */
  readonly writes: 'append' | 'replace' | 'add';
  /** A column whose value only rises. A row is never replaced by a row with a smaller value. */
  readonly growing?: string;
}

export interface TableRows {
  readonly table: Table;
  readonly rows: readonly Values[];
}

/** True when two rows have the same primary key. */
export function sameKey(table: Table, one: Values, other: Values): boolean {
  for (let column = 0; column < table.keyColumns; column += 1)
    if (one[column] !== other[column]) return false;

  return true;
}

/** Computes the stored row after an older and a newer row of the same key, as the SQL statement does. */
export function merged(table: Table, older: Values, newer: Values): Values {
  if (table.writes === 'add') return added(table, older, newer);
  const { columns } = table;
  const values = new Array<ColumnValue>(columns.length);
  for (let index = 0; index < columns.length; index += 1)
    values[index] = newer[index] ?? (columns[index]!.keepsOlder ? older[index] : null) ?? null;
  return values;
}

function added(table: Table, older: Values, newer: Values): Values {
  return table.columns.map((_column, index) =>
    index < table.keyColumns ? (older[index] ?? null) : Number(older[index] ?? 0) + Number(newer[index] ?? 0),
  );
}

/** Nested maps: by the first column of a key, then by the next column, and at last the numbers after the key. */
type Sums = Map<ColumnValue, Sums | ColumnValue[]>;

/** Sums of an `add` table. Each key occurs once, in the order of its first appearance. */
export interface RunningSums {
  /** Adds a row, or the same row several times. */
  add(values: Values, times?: number): void;
  /** Number of keys. */
  size(): number;
  /** Returns the sums, and starts again without sums. */
  take(): Values[];
}

/** Adds up sums in memory. */
export function runningSums({ keyColumns }: Pick<Table, 'keyColumns'>): RunningSums {
  let all: ColumnValue[][] = [];
  let first: Sums = new Map();
  // The maps in which the row before was found. The next row often has the same first columns.
  let before: Values | null = null;
  let path: Sums[] = [];
  const add = (values: Values, times = 1): void => {
    let under = first;
    let isSame = before !== null;
    for (let column = 0; column < keyColumns - 1; column += 1) {
      isSame &&= values[column] === before?.[column];
      if (isSame) under = path[column]!;
      else {
        const next = under.get(values[column]!) as Sums | undefined;
        if (next === undefined) under.set(values[column]!, (under = new Map()));
        else under = next;
        path[column] = under;
      }
    }
    before = values;
    const sums = under.get(values[keyColumns - 1]!) as ColumnValue[] | undefined;
    if (sums === undefined) {
      const started = [...values];
      if (times > 1)
        for (let column = keyColumns; column < values.length; column += 1)
          started[column] = Number(values[column] ?? 0) * times;
      under.set(values[keyColumns - 1]!, started);
      all.push(started);
    } else
      for (let column = keyColumns; column < values.length; column += 1)
        sums[column] = Number(sums[column] ?? 0) + Number(values[column] ?? 0) * times;
  };
  return {
    add,
    size: () => all.length,
    take: () => {
      const taken = all;
      all = [];
      first = new Map();
      before = null;
      path = [];
      return taken;
    },
  };
}

/** The rows of an `add` table with each key once, in the order of their first appearance. */
export function summed(table: Table, rows: readonly Values[]): Values[] {
  // The same object often occurs many times, and finding it takes one step instead of one for each column of the key.
  const timesOf = new Map<Values, number>();
  for (const values of rows) timesOf.set(values, (timesOf.get(values) ?? 0) + 1);
  const sums = runningSums(table);
  for (const [values, times] of timesOf) sums.add(values, times);
  return sums.take();
}
