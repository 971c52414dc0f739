/**
 * `npm run drills`: every drill of the matrix on real processes, then one table. Exit code 1 when one failed.
 *
 *   npm run drills -- [--small] [--times N] [--lanes N] [--json] [ID...]
 */
import { parseArgs } from 'node:util';
import { prepareQuickStarts } from './quick-start.ts';
import type { DrillGroup, DrillResult } from './drill.ts';
import { openLane } from './lane.ts';
import { GROUPS } from './matrix.ts';
import { preparePostgres } from './prepared-postgres.ts';
import { cpuOfChildrenSec, reportOf, type DrillRun } from './report.ts';

/** Installations at the same time: three keep two cores busy, and more would only make every process of them slow. */
const LANES = 3;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    small: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    times: { type: 'string', default: '1' },
    lanes: { type: 'string', default: String(LANES) },
  },
});
const runs: DrillRun[] = [];
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted());
await prepareQuickStarts();
await preparePostgres();
const groups = GROUPS.map((group) => ({
  ...group,
  drills: group.drills.filter(
    ({ id, small }) =>
      (!values.small || small === true) && (positionals.length === 0 || positionals.includes(id)),
  ),
})).filter(({ drills }) => drills.length > 0);

for (let time = 1; time <= Number(values.times); time += 1) runs.push(await runAll());
console.log(values.json ? JSON.stringify(runs, null, 2) : reportOf(runs));
process.exit(runs.some(({ results }) => results.some(({ outcome }) => outcome === 'FAILED')) ? 1 : 0);

/** The runs that were whole are not lost with the one that was not. */
function interrupted(): never {
  if (runs.length > 0) console.log(reportOf(runs));
  return process.exit(130);
}

/** What measures runs by itself, when everything else is over. */
async function runAll(): Promise<DrillRun> {
  const startedAt = performance.now();
  const cpuBefore = cpuOfChildrenSec();
  const alone = groups.filter(({ isAlone }) => isAlone === true);
  const beside = groups.filter(({ isAlone }) => isAlone !== true);
  const results = await runInLanes(beside, Number(values.lanes));
  results.push(...(await runInLanes(alone, 1)));
  const tookSec = (performance.now() - startedAt) / 1000;
  return { results, tookSec, cpuSec: cpuOfChildrenSec() - cpuBefore };
}

/** Each lane takes the next group as soon as it has none. */
async function runInLanes(some: readonly DrillGroup[], lanesMax: number): Promise<DrillResult[]> {
  const waiting = some.values();
  const lanes = Array.from({ length: Math.min(lanesMax, some.length) }, async () => {
    const lane = openLane(tell);
    const results: DrillResult[] = [];
    for (const group of waiting) results.push(...(await lane.run(group)));
    await lane.close();
    return results;
  });
  return (await Promise.all(lanes)).flat();
}

function tell({ id, outcome, seconds, note }: DrillResult): void {
  console.error(`${id} ${outcome} (${seconds} s)${outcome === 'FAILED' ? `: ${note}` : ''}`);
}
