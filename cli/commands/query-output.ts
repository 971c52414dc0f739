import type { ColumnKind, QueryAnswer } from '../../read-store/run-query.ts';

/** The longest text of a cell. Longer text is cut. */
const CELL_CHARS_MAX = 60;
/** A spreadsheet would run a text that begins like this as a formula. */
const FORMULA_START = /^[=+\-@\t\r]/;
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f]/g;

/**
 * Returns a table for a terminal: numbers are right-aligned, nulls are empty, control characters are visible.
 */
export function tableOf({ columns, rows }: QueryAnswer): string {
  const cells = rows.map((row) => row.map((value) => shortened(value ?? '')));
  const widths = columns.map(({ name }, column) =>
    Math.max(name.length, ...cells.map((row) => row[column]!.length), 1),
  );
  const line = (values: readonly string[]) =>
    values
      .map((value, column) =>
        columns[column]!.kind === 'number' ? value.padStart(widths[column]!) : value.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd();
  const ruler = widths.map((width) => '-'.repeat(width)).join('  ');
  return [line(columns.map(({ name }) => name)), ruler, ...cells.map(line)].join('\n');
}

function shortened(text: string): string {
  const plain = text.replaceAll(CONTROL_CHARACTERS, '\u{fffd}');
  return plain.length > CELL_CHARS_MAX ? `${plain.slice(0, CELL_CHARS_MAX - 1)}…` : plain;
}

/** Returns CSV (RFC 4180). A text that a spreadsheet would run as a formula gets an apostrophe in front. */
export function csvOf({ columns, rows }: QueryAnswer): string {
  const line = (values: readonly string[]) => values.map(csvCell).join(',');
  const lines = rows.map((row) =>
    line(row.map((value, column) => (value === null ? '' : harmless(value, columns[column]!.kind)))),
  );
  return [line(columns.map(({ name }) => name)), ...lines].map((each) => `${each}\r\n`).join('');
}

function harmless(value: string, kind: ColumnKind): string {
  return kind === 'text' && FORMULA_START.test(value) ? `'${value}` : value;
}

function csvCell(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** Returns JSON with one object for each row. A number that JavaScript cannot hold exactly stays text. */
export function jsonOf({ columns, rows, more }: QueryAnswer): string {
  const objects = rows.map((row) =>
    Object.fromEntries(
      row.map((value, column) => [columns[column]!.name, jsonValue(value, columns[column]!.kind)]),
    ),
  );
  return JSON.stringify({ columns: columns.map(({ name }) => name), rows: objects, more }, null, 2);
}

function jsonValue(value: string | null, kind: ColumnKind): unknown {
  if (value === null) return null;
  if (kind === 'boolean') return value === 't';
  if (kind === 'json') return JSON.parse(value) as unknown;
  if (kind !== 'number') return value;
  const number = Number(value);
  return Number.isFinite(number) && Math.abs(number) <= Number.MAX_SAFE_INTEGER ? number : value;
}
