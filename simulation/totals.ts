/** Sums over many worlds. */
export interface Totals {
  events: number;
  jobs: number;
  crashes: number;
  steps: number;
  /** Number of worlds that broke a promise. */
  failed: number;
  byState: Record<string, number>;
}

/** The start of the line in which a worker reports its totals. */
export const TOTALS = 'totals ';

export function noTotals(): Totals {
  return { events: 0, jobs: 0, crashes: 0, steps: 0, failed: 0, byState: {} };
}

export function addTotals(to: Totals, more: Readonly<Totals>): void {
  for (const name of ['events', 'jobs', 'crashes', 'steps', 'failed'] as const) to[name] += more[name];
  for (const [state, jobs] of Object.entries(more.byState))
    to.byState[state] = (to.byState[state] ?? 0) + jobs;
}

/** The sentences that a run of many worlds prints at its end. */
export function sentencesOf(
  { jobs, events, steps, crashes, failed, byState }: Readonly<Totals>,
  { from, seeds, startedMs }: { from: number; seeds: number; startedMs: number },
): string[] {
  const sec = ((performance.now() - startedMs) / 1000).toFixed(1);
  const states = Object.entries(byState).map(([state, count]) => `${count} ${state}`);
  return [
    `${seeds} worlds from seed ${from}: ${failed === 0 ? 'every promise kept' : `${failed} broke a promise`}, in ${sec} s.`,
    `${jobs} jobs (${states.join(', ')}), ${events} events, ${steps} steps, ${crashes} crashes.`,
  ];
}
