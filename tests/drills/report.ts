import type { DrillResult } from './drill.ts';

const ID_WIDTH = 4;
const OUTCOME_WIDTH = 6;

/** One readable table, in the order of the matrix. */
export function reportOf(results: readonly DrillResult[], tookMs: number): string {
  const rows = results.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const titleWidth = Math.max(...rows.map(({ title }) => title.length));
  const lines = rows.map(({ id, title, outcome, seconds, note }) => {
    const cells = [id.padEnd(ID_WIDTH), outcome.padEnd(OUTCOME_WIDTH), title.padEnd(titleWidth)];
    return `${cells.join('  ')}  ${seconds.toFixed(1).padStart(5)} s  ${note}`;
  });
  const count = (outcome: DrillResult['outcome']): number =>
    results.filter((result) => result.outcome === outcome).length;
  const sum = `${count('ok')} ok, ${count('FAILED')} failed, ${count('SKIP')} skipped, in ${(tookMs / 1000).toFixed(0)} s`;
  return [...lines, '', sum].join('\n');
}
