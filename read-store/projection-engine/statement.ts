import type { Column, Table, Values } from './table.ts';

/** Separates two texts of JSON, which escapes every control character. An empty text means null. */
const BETWEEN_JSON = '\u001e';

/** Tells whether a `writeStatement` stands alone or is part of a larger statement. */
export interface Standing {
  /**
   * The action for a row that an append-only table already has: the table keeps its row, or Postgres refuses the
   * statement. The check for such rows costs a search in the key and a record in the log of Postgres for each row.
   */
  readonly presentRows?: 'kept' | 'refused';
  /** Number of the statement's first parameter, from 1. */
  readonly firstParameter?: number;
  /** A condition; without it nothing is written. */
  readonly onlyIf?: string;
}

/** One statement that writes many rows of a table. Each parameter holds the values of one column. */
export function writeStatement(schema: string, table: Table, standing: Standing = {}): string {
  const { presentRows = 'kept', firstParameter = 1, onlyIf } = standing;
  const names = table.columns.map(({ name }) => name);
  const arrays = table.columns.map(({ type }, index) => {
    const parameter = `$${firstParameter + index}`;
    return type === 'jsonb'
      ? `string_to_array(${parameter}, e'\\x1e', '')::jsonb[]`
      : `${parameter}::${type}[]`;
  });
  const where = onlyIf === undefined ? '' : ` where ${onlyIf}`;
  const insert = `insert into ${schema}.${table.name} as present (${names.join(', ')}) select * from unnest(${arrays.join(', ')})${where}`;
  return table.writes === 'append' && presentRows === 'refused' ? insert : `${insert} ${onConflict(table)}`;
}

/** The action of an insert for an existing row. The statement calls the table `present`. */
export function onConflict(table: Table): string {
  const key = table.columns.slice(0, table.keyColumns).map(({ name }) => name);
  if (table.writes === 'append') return `on conflict (${key.join(', ')}) do nothing`;
  const assignments = table.columns.slice(table.keyColumns).map(table.writes === 'add' ? sum : assignment);
  const growing = table.growing ? ` where present.${table.growing} < excluded.${table.growing}` : '';
  return `on conflict (${key.join(', ')}) do update set ${assignments.join(', ')}${growing}`;
}

function assignment({ name, keepsOlder }: Column): string {
  return keepsOlder ? `${name} = coalesce(excluded.${name}, present.${name})` : `${name} = excluded.${name}`;
}

function sum({ name }: Column): string {
  return `${name} = present.${name} + excluded.${name}`;
}

/** The parameters of a `writeStatement` for at least one row: an array literal for each column. */
export function columnArrays(table: Pick<Table, 'columns'>, rows: readonly Values[]): string[] {
  return table.columns.map(({ type }, index) => {
    if (type === 'jsonb') return jsonList(rows, index);
    const isText = type === 'text';
    let literal = '{';
    for (let row = 0; row < rows.length; row += 1) {
      const value = rows[row]![index] ?? null;
      if (row > 0) literal += ',';
      if (value === null) literal += 'NULL';
      else literal += isText ? quoted(String(value)) : String(value);
    }
    return `${literal}}`;
  });
}

/** A single null becomes an empty list. `unnest` fills every list that is too short with nulls. */
function jsonList(rows: readonly Values[], index: number): string {
  return rows.map((values) => values[index] ?? '').join(BETWEEN_JSON);
}

const NEEDS_ESCAPE = /["\\]/;

/**
 * Quotes text for an array literal. Digits, UUIDs, booleans and ISO instants need no quotes (PostgreSQL 18, 8.15.6).
 */
function quoted(text: string): string {
  return NEEDS_ESCAPE.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : `"${text}"`;
}
