import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import pLimit from 'p-limit';
import { addTotals, noTotals, sentencesOf, TOTALS, type Totals } from './totals.ts';

/** Number of worlds that one process simulates. The end of the process frees its memory. */
const SLICE_SEEDS = 2_500;

const RUN = join(import.meta.dirname, 'run.ts');

/** The option that runs the worlds in separate processes, even for a single process. */
export const WORKERS = '--workers';

/** Runs many worlds in several processes, each with its own seeds. The first broken promise ends all of them. */
export async function runInParallel(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: '2000' },
      from: { type: 'string', default: '1' },
      workers: { type: 'string', default: '1' },
      mutant: { type: 'string' },
      'keep-going': { type: 'boolean', default: false },
    },
  });
  const from = Number(values.from);
  const seeds = Number(values.seeds);
  const workers = Number(values.workers);
  const startedMs = performance.now();
  const further = [
    ...(values.mutant === undefined ? [] : ['--mutant', values.mutant]),
    ...(values['keep-going'] ? ['--keep-going'] : []),
  ];
  const stop = new AbortController();
  const totals = noTotals();
  const limit = pLimit(workers);
  const slices = Array.from(
    { length: Math.ceil(seeds / SLICE_SEEDS) },
    (_, index) => from + index * SLICE_SEEDS,
  );
  const codes = await Promise.all(
    slices.map((first) =>
      limit(async () => {
        if (stop.signal.aborted) return 0;
        const share = Math.min(SLICE_SEEDS, from + seeds - first);
        const code = await runSlice(
          ['--from', String(first), '--seeds', String(share), ...further],
          totals,
          stop.signal,
        );
        if (code !== 0) stop.abort();
        else console.error(`seeds ${first} to ${first + share - 1} are run`);
        return code;
      }),
    ),
  );
  const worst = Math.max(...codes);
  if (worst === 0) for (const line of sentencesOf(totals, { from, seeds, startedMs })) console.log(line);
  return worst;
}

function runSlice(args: readonly string[], totals: Totals, signal: AbortSignal): Promise<number> {
  const child = spawn(process.execPath, [RUN, ...args, '--totals'], { stdio: ['ignore', 'pipe', 'inherit'] });
  signal.addEventListener('abort', () => child.kill());
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith(TOTALS)) addTotals(totals, JSON.parse(line.slice(TOTALS.length)) as Totals);
    else console.log(line);
  });
  // A killed slice counts as failed, unless it was killed because another slice failed.
  return new Promise((resolve) => child.once('close', (code) => resolve(code ?? (signal.aborted ? 0 : 1))));
}
