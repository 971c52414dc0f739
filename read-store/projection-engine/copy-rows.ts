import type { Transaction } from '../transaction.ts';
import { copyLine } from './copy-text.ts';
import type { Table, Values } from './table.ts';

/** Size of one chunk of many lines. A COPY statement sends as many chunks as it needs. */
const CHUNK_BYTES = 256 * 1024;
/** A UTF-16 code unit becomes at most three bytes of UTF-8. */
const BYTES_A_UNIT_MAX = 3;
const LINE_FEED = 10;

/** Rows as bytes for COPY. The garbage collector does not scan bytes. */
export interface CopyLines {
  add(values: Values): void;
  /** Number of waiting bytes. */
  bytes(): number;
  /** Returns the bytes and empties the buffer. */
  take(): Buffer[];
}

/**
 * Collects lines, writing each one into bytes at once. If all lines were joined to one text, V8 would keep a tree of
 * millions of strings, and the garbage collector would scan the whole tree.
 */
export function copyLines(): CopyLines {
  let full: Buffer[] = [];
  let chunk = Buffer.allocUnsafe(0);
  let filled = 0;
  let bytes = 0;
  const close = (): void => {
    if (filled > 0) full.push(chunk.subarray(0, filled));
    filled = 0;
  };
  return {
    add: (values) => {
      const line = copyLine(values);
      const bytesMax = line.length * BYTES_A_UNIT_MAX + 1;
      if (filled + bytesMax > chunk.length) {
        close();
        chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, bytesMax));
      }
      const before = filled;
      filled += chunk.write(line, filled);
      chunk[filled] = LINE_FEED;
      filled += 1;
      bytes += filled - before;
    },
    bytes: () => bytes,
    take: () => {
      close();
      const taken = full;
      full = [];
      chunk = Buffer.allocUnsafe(0);
      bytes = 0;
      return taken;
    },
  };
}

/**
 * Adds lines to a table by COPY, which costs Postgres a fraction of an insert. None of the rows may exist already.
 * @throws ReadStoreUnavailable, or the error of the statement
 */
export async function copyIntoTable(
  within: Transaction,
  schema: string,
  table: Pick<Table, 'name' | 'columns'>,
  lines: Iterable<Buffer>,
): Promise<void> {
  const names = table.columns.map(({ name }) => name).join(', ');
  await within.copyIn(`copy ${schema}.${table.name} (${names}) from stdin`, lines);
}

/** Turns rows into lines, one at a time. */
export function* linesOf(rows: Iterable<Values>): Generator<Buffer> {
  const lines = copyLines();
  for (const values of rows) {
    lines.add(values);
    if (lines.bytes() >= CHUNK_BYTES) yield* lines.take();
  }
  yield* lines.take();
}
