import type { ChangedRow, Page } from '../change-feed/page.ts';

/** The rows with their owner, which only operators see. */
const seenByOperators = new WeakMap<readonly ChangedRow[], readonly ChangedRow[]>();

/** Returns the same list object for the same rows, so that the text of the list is made once for all operators. */
export function operatorRows(rows: readonly ChangedRow[]): readonly ChangedRow[] {
  const known = seenByOperators.get(rows);
  if (known) return known;
  const named = rows.map((row) => ({
    ...row,
    // A row is a JSON object with at least a job id, so the owner can be inserted at the start.
    json: `{"owner":${JSON.stringify(row.owner)},${row.json.slice(1)}`,
  }));
  seenByOperators.set(rows, named);
  return named;
}

/** A page with the owners of its rows. */
export function operatorPage(page: Page): Page {
  return { ...page, rows: operatorRows(page.rows) };
}
