import type { Column, ColumnValue, Table, Values } from './table.ts';

/** One statement that writes many rows of a table: a parameter a column, each an array. */
export function writeStatement(schema: string, table: Table): string {
  const names = table.columns.map(({ name }) => name);
  const arrays = table.columns.map(({ type }, index) => `$${index + 1}::${type}[]`);
  const key = names.slice(0, table.keyColumns).join(', ');
  const insert = `insert into ${schema}.${table.name} as present (${names.join(', ')}) select * from unnest(${arrays.join(', ')})`;
  if (table.writes === 'append') return `${insert} on conflict (${key}) do nothing`;
  const assignments = table.columns.slice(table.keyColumns).map(assignment);
  const growing = table.growing ? ` where present.${table.growing} < excluded.${table.growing}` : '';
  return `${insert} on conflict (${key}) do update set ${assignments.join(', ')}${growing}`;
}

function assignment({ name, keepsOlder }: Column): string {
  return keepsOlder ? `${name} = coalesce(excluded.${name}, present.${name})` : `${name} = excluded.${name}`;
}

/** The parameters of a `writeStatement`: the rows turned into one array literal a column. */
export function columnArrays(table: Table, rows: readonly Values[]): string[] {
  return table.columns.map(({ type }, index) => {
    const literal = type === 'text' || type === 'jsonb' ? quoted : plain;
    return `{${rows.map((values) => literal(values[index] ?? null)).join(',')}}`;
  });
}

/** Digits, UUIDs, booleans and ISO instants need no quotes in an array literal (PostgreSQL documentation, 8.15.6). */
function plain(value: ColumnValue): string {
  return value === null ? 'NULL' : String(value);
}

const NEEDS_ESCAPE = /["\\]/;

function quoted(value: ColumnValue): string {
  if (value === null) return 'NULL';
  const text = String(value);
  return `"${NEEDS_ESCAPE.test(text) ? text.replace(/["\\]/g, '\\$&') : text}"`;
}
