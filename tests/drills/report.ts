import { readFileSync } from 'node:fs';
import type { DrillResult } from './drill.ts';

const ID_WIDTH = 4;
const TICKS_A_SECOND = 100;

/** The results of all drills in one run. */
export interface DrillRun {
  readonly results: readonly DrillResult[];
  readonly tookSec: number;
  /** User and system time of every process of the run. */
  readonly cpuSec: number;
}

/** One readable table in the order of the matrix: outcome and time in each run, and what was measured in the last. */
export function reportOf(runs: readonly DrillRun[]): string {
  const byId = new Map<string, DrillResult[]>();
  for (const result of runs.flatMap(({ results }) => results))
    byId.set(result.id, [...(byId.get(result.id) ?? []), result]);
  const rows = [...byId].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, results]) => results);
  const titleWidth = Math.max(...rows.map(([first]) => first!.title.length));
  const lines = rows.map((results) => {
    const [first] = results;
    const told = results.find(({ outcome }) => outcome === 'FAILED') ?? results.at(-1);
    const cells = results.map(({ outcome, seconds }) => `${outcome} ${seconds.toFixed(1).padStart(5)} s`);
    return `${[first!.id.padEnd(ID_WIDTH), first!.title.padEnd(titleWidth), ...cells].join('  ')}  ${told?.note ?? ''}`;
  });
  return [...lines, '', ...runs.map(sumOf), ...(runs.length > 1 ? [sumOfAll(runs)] : [])].join('\n');
}

function sumOf({ results, tookSec, cpuSec }: DrillRun): string {
  const count = (outcome: DrillResult['outcome']): number =>
    results.filter((result) => result.outcome === outcome).length;
  const counts = `${count('ok')} ok, ${count('FAILED')} failed, ${count('SKIP')} skipped`;
  return `${counts}, in ${tookSec.toFixed(0)} s (${cpuSec.toFixed(0)} s of processor time)`;
}

function sumOfAll(runs: readonly DrillRun[]): string {
  const tookSec = runs.reduce((sum, run) => sum + run.tookSec, 0);
  return `${runs.length} runs in ${tookSec.toFixed(0)} s`;
}

/** User and system time of the processes that ended below this one, as far as Linux tells (proc(5), `stat`). */
export function cpuOfChildrenSec(): number {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[13]) + Number(fields[14])) / TICKS_A_SECOND;
  } catch {
    return 0;
  }
}
