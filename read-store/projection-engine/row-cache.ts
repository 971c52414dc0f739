/** A cache of the rows of at most the last `2 * rowsMax` keys. The least recently used half is dropped first. */
export interface RowCache<Row> {
  has(key: string): boolean;
  get(key: string): Row | undefined;
  /** Stores a row, or the fact that there is none. */
  set(key: string, row: Row | undefined): void;
  /** Forgets a key, unless its row is another one by now. */
  drop(key: string, row: Row): void;
}

/** Makes a cache of two generations. When the younger generation is full, it replaces the older generation. */
export function createRowCache<Row>(rowsMax: number): RowCache<Row> {
  let younger = new Map<string, Row | undefined>();
  let older = new Map<string, Row | undefined>();
  const set = (key: string, row: Row | undefined) => {
    younger.set(key, row);
    if (younger.size < rowsMax) return;
    older = younger;
    younger = new Map();
  };
  return {
    set,
    drop: (key, row) => {
      for (const rows of [younger, older]) if (rows.get(key) === row) rows.delete(key);
    },
    has: (key) => younger.has(key) || older.has(key),
    get: (key) => {
      if (younger.has(key)) return younger.get(key);
      const row = older.get(key);
      if (older.has(key)) set(key, row);
      return row;
    },
  };
}
