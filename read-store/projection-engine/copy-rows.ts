import type { Transaction } from '../transaction.ts';
import { copyLineBytesMax, writeCopyLine } from './copy-text.ts';
import type { Table, Values } from './table.ts';

/** Size of one chunk of many lines. A COPY statement sends as many chunks as it needs. */
const CHUNK_BYTES = 256 * 1024;

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
      const bytesMax = copyLineBytesMax(values);
      if (filled + bytesMax > chunk.length) {
        close();
        chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, bytesMax));
      }
      const before = filled;
      filled = writeCopyLine(chunk, values, filled);
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

/** Where lines go. Frozen rows must be the first of a table that the same transaction has created or truncated. */
export interface Copied {
  readonly schema: string;
  readonly table: Pick<Table, 'name' | 'columns'>;
  readonly rows?: 'frozen';
}

/**
 * Adds lines to a table by COPY, which costs Postgres a fraction of an insert. None of the rows may exist already.
 * @throws ReadStoreUnavailable, or the error of the statement
 */
export async function copyIntoTable(
  within: Transaction,
  { schema, table, rows }: Copied,
  lines: Iterable<Buffer>,
): Promise<void> {
  const names = table.columns.map(({ name }) => name).join(', ');
  const how = rows === 'frozen' ? ' with (freeze)' : '';
  await within.copyIn(`copy ${schema}.${table.name} (${names}) from stdin${how}`, lines);
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
