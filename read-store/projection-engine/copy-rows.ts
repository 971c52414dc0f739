import type { Transaction } from '../transaction.ts';
import { copyLine } from './copy-text.ts';
import type { Table, Values } from './table.ts';

/** What is sent at once, of many lines; a statement of COPY has as many of these as it needs. */
const CHUNK_BYTES = 256 * 1024;
/** A UTF-16 code unit takes three bytes of UTF-8 at most. */
const BYTES_A_UNIT_MAX = 3;

/**
 * Adds rows to a table by COPY, which costs Postgres a fraction of an insert. None of them may be there already.
 *
 * @throws ReadStoreUnavailable, or the error of the statement
 */
export function copyRows(
  within: Transaction,
  schema: string,
  table: Pick<Table, 'name' | 'columns'>,
  rows: readonly Values[],
): Promise<void> {
  return copyLines(within, schema, table, linesOf(rows));
}

/** As `copyRows`, of rows that are lines already. @throws as `copyRows` */
export async function copyLines(
  within: Transaction,
  schema: string,
  table: Pick<Table, 'name' | 'columns'>,
  lines: Iterable<string>,
): Promise<void> {
  const names = table.columns.map(({ name }) => name).join(', ');
  await within.copyIn(`copy ${schema}.${table.name} (${names}) from stdin`, chunksOf(lines));
}

function* linesOf(rows: readonly Values[]): Generator<string> {
  for (const values of rows) yield copyLine(values);
}

/**
 * Each line is written into bytes on its own: a text of all lines would be a tree of millions of pieces, which the
 * collector of garbage has to walk through before it is flattened.
 */
function* chunksOf(lines: Iterable<string>): Generator<Buffer> {
  let chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let filled = 0;
  for (const line of lines) {
    const bytesMax = line.length * BYTES_A_UNIT_MAX + 1;
    if (filled + bytesMax > chunk.length) {
      if (filled > 0) yield chunk.subarray(0, filled);
      if (chunk.length < bytesMax) chunk = Buffer.allocUnsafe(bytesMax);
      filled = 0;
    }
    filled += chunk.write(line, filled);
    chunk[filled] = LINE_FEED;
    filled += 1;
  }
  if (filled > 0) yield chunk.subarray(0, filled);
}

const LINE_FEED = 10;
