import type { Transaction } from '../transaction.ts';
import type { ColumnValue, Table, Values } from './table.ts';

/** Rows of one COPY: what is sent is held as text meanwhile. */
const ROWS_AT_ONCE = 10_000;

/**
 * Adds rows to a table by COPY, which costs Postgres a fraction of an insert. None of them may be there already.
 *
 * @throws ReadStoreUnavailable, or the error of the statement
 */
export async function copyRows(
  within: Transaction,
  schema: string,
  table: Pick<Table, 'name' | 'columns'>,
  rows: readonly Values[],
): Promise<void> {
  const names = table.columns.map(({ name }) => name).join(', ');
  for (let start = 0; start < rows.length; start += ROWS_AT_ONCE) {
    const text = copyText(rows.slice(start, start + ROWS_AT_ONCE));
    await within.copyIn(`copy ${schema}.${table.name} (${names}) from stdin`, text);
  }
}

/** Rows in PostgreSQL's text format (PostgreSQL 18, COPY, "Text Format"). */
export function copyText(rows: readonly Values[]): string {
  let text = '';
  for (const values of rows) {
    for (let column = 0; column < values.length; column += 1) {
      if (column > 0) text += '\t';
      text += copied(values[column]!);
    }
    text += '\n';
  }
  return text;
}

const NEEDS_ESCAPE = /[\\\t\n\r]/;
const ESCAPED: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function copied(value: ColumnValue): string {
  if (value === null) return '\\N';
  if (typeof value !== 'string') return String(value);
  return NEEDS_ESCAPE.test(value) ? value.replace(/[\\\t\n\r]/g, (each) => ESCAPED[each]!) : value;
}
