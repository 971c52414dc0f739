import type { Column, ColumnValue, Table, Values } from './table.ts';

/**
 * A row in PostgreSQL's text format (PostgreSQL 18, COPY, "Text Format"), without the end of its line. It is one flat
 * text: what `+` makes is a tree of pieces, which takes several times as much memory for as long as it is kept.
 */
export function copyLine(values: Values): string {
  const texts: string[] = [];
  for (const value of values) texts.push(copied(value));
  return texts.join('\t');
}

const NEEDS_ESCAPE = /[\\\t\n\r]/;
const ESCAPED: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
const MEANT: Readonly<Record<string, string>> = { '\\': '\\', t: '\t', n: '\n', r: '\r' };

function copied(value: ColumnValue): string {
  if (value === null) return '\\N';
  if (typeof value !== 'string') return String(value);
  return NEEDS_ESCAPE.test(value) ? value.replace(/[\\\t\n\r]/g, (each) => ESCAPED[each]!) : value;
}

/** The inverse: the values as text, whatever their type. */
export function valuesOfLine(line: string): (string | null)[] {
  const values: (string | null)[] = line.split('\t');
  if (!line.includes('\\')) return values;
  return values.map((value) =>
    value === '\\N' ? null : value!.replace(/\\(.)/g, (_, each: string) => MEANT[each]!),
  );
}

/** A row as `select *` gives it: bigint as text, an instant as `Date`, jsonb parsed. */
export function recordOfLine({ columns }: Pick<Table, 'columns'>, line: string): Record<string, unknown> {
  const values = valuesOfLine(line);
  const record: Record<string, unknown> = {};
  for (const [index, { name, type }] of columns.entries()) {
    const value = values[index] ?? null;
    record[name] = value === null ? null : meant(type, value);
  }
  return record;
}

function meant(type: Column['type'], text: string): unknown {
  switch (type) {
    case 'integer':
      return Number(text);
    case 'boolean':
      return text === 'true';
    case 'timestamptz':
      return new Date(text);
    case 'jsonb':
      return JSON.parse(text);
    case 'uuid':
    case 'text':
    case 'bigint':
      return text;
    default:
      return type satisfies never;
  }
}
