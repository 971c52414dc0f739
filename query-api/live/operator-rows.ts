import type { ChangedRow, Page } from '../change-feed/page.ts';

/** Rows as operators see them: with their owner. */
const seenByOperators = new WeakMap<readonly ChangedRow[], readonly ChangedRow[]>();

/** The same list for the same rows, so that its text is made once for all operators. */
export function operatorRows(rows: readonly ChangedRow[]): readonly ChangedRow[] {
  const known = seenByOperators.get(rows);
  if (known) return known;
  const named = rows.map((row) => ({
    ...row,
    // A row is a JSON object with at least a job id, so the owner can be put in front.
    json: `{"owner":${JSON.stringify(row.owner)},${row.json.slice(1)}`,
  }));
  seenByOperators.set(rows, named);
  return named;
}

/** A page as operators see it. */
export function operatorPage(page: Page): Page {
  return { ...page, rows: operatorRows(page.rows) };
}
