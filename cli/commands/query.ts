import { resolve } from 'node:path';
import { ANALYST_ROLE } from '../../read-store/analyst-role.ts';
import { runQuery, type ColumnKind, type QueryAnswer } from '../../read-store/run-query.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import type { Settings } from '../../schemas/settings/config.ts';
import { findConnection, notedConnections } from '../connections.ts';
import { usage } from '../plain-failure.ts';

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

const ROWS_DEFAULT = 1_000;
const ROWS_MAX = 100_000;
const TIMEOUT_SEC_DEFAULT = 30;
const TIMEOUT_SEC_MAX = 600;

interface Asked {
  readonly sql: string;
  readonly output: 'table' | 'csv' | 'json';
  readonly rowsMax: number;
  readonly timeoutSec: number;
}

/** `docket query "SQL"`: runs one read-only query of schema `analytics`, as the analysts' role. */
export async function run(argv: readonly string[]): Promise<number> {
  const { sql, output, rowsMax, timeoutSec } = understand(argv);
  const settings = loadSettings(process.env);
  const url = analystUrl(settings);
  const answer = await runQuery({ url, sql, rowsMax, timeoutMs: timeoutSec * 1_000 });
  if (output === 'json') console.log(jsonOf(answer));
  else if (output === 'csv') process.stdout.write(csvOf(answer));
  else console.log(tableOf(answer));
  if (answer.more)
    console.error(`The first ${rowsMax} rows; there are more (--rows N, at most ${ROWS_MAX}).`);
  return 0;
}

/**
 * The connection string of the analysts' role.
 * @throws PlainFailure when Docket does not run and no setting names a Postgres
 */
function analystUrl(settings: Settings): string {
  const { ANALYTICS_DATABASE_URL, DATABASE_URL, DATA_DIR } = settings;
  if (ANALYTICS_DATABASE_URL) return ANALYTICS_DATABASE_URL;
  const noted = DATABASE_URL ? undefined : notedConnections(resolve(DATA_DIR)).ANALYTICS_DATABASE_URL;
  return noted ?? asAnalyst(findConnection(settings, 'DATABASE_URL'));
}

/**
 * Returns the connection string of the same database for the analysts' role, without the password of the other role.
 */
function asAnalyst(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  url.username = ANALYST_ROLE;
  url.password = '';
  return url.href;
}

/**
 * Reads the arguments.
 * @throws PlainFailure
 */
function understand(argv: readonly string[]): Asked {
  let sql: string | null = null;
  let output: Asked['output'] = 'table';
  let rowsMax = ROWS_DEFAULT;
  let timeoutSec = TIMEOUT_SEC_DEFAULT;
  for (let index = 0; index < argv.length; index += 1) {
    const argument = argv[index]!;
    if (argument === '--json') output = 'json';
    else if (argument === '--csv') output = 'csv';
    else if (argument === '--rows') rowsMax = numberIn(argument, argv[(index += 1)], ROWS_MAX);
    else if (argument === '--timeout') timeoutSec = numberIn(argument, argv[(index += 1)], TIMEOUT_SEC_MAX);
    else if (argument.startsWith('--') || sql !== null)
      throw usage(`${JSON.stringify(argument)} is not an argument of this command.`);
    else sql = argument;
  }
  if (sql === null || sql.trim() === '')
    throw usage('Give the query as one argument: docket query "select ...".');
  return { sql, output, rowsMax, timeoutSec };
}

function numberIn(option: string, given: string | undefined, max: number): number {
  const value = Number(given);
  if (!Number.isInteger(value) || value < 1 || value > max)
    throw usage(`${option} is a number from 1 to ${max}.`);
  return value;
}
