import type { ColumnValue, Values } from './table.ts';

/** A row in PostgreSQL's text format (PostgreSQL 18, COPY, "Text Format"), without its line end. */
export function copyLine(values: Values): string {
  const texts: string[] = [];
  for (const value of values) texts.push(copied(value));
  return texts.join('\t');
}

const NEEDS_ESCAPE = /[\\\t\n\r]/;
const ESCAPED: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function copied(value: ColumnValue): string {
  if (value === null) return '\\N';
  if (typeof value !== 'string') return String(value);
  return NEEDS_ESCAPE.test(value) ? value.replace(/[\\\t\n\r]/g, (each) => ESCAPED[each]!) : value;
}
