/**
 * `npm run drills`: every drill of the matrix on real processes, then one table. Exit code 1 when one failed.
 *
 *   npm run drills -- [--small] [--times N] [--lanes N] [--json] [ID...]
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import pLimit from 'p-limit';
import { prepareQuickStarts } from './quick-start.ts';
import type { DrillGroup, DrillResult } from './drill.ts';
import { GROUPS } from './matrix.ts';
import { preparePostgres } from './prepared-postgres.ts';
import { cpuOfChildrenSec, reportOf, type DrillRun } from './report.ts';

const RUN_GROUP = join(import.meta.dirname, 'run-group.ts');
/** Houses at the same time: three keep two cores busy, and more would only make every process of them slow. */
const LANES = 3;
const GROUP_MS_MAX = 460_000;

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

async function runAll(): Promise<DrillRun> {
  const [startedAt, cpuBefore] = [performance.now(), cpuOfChildrenSec()];
  const limit = pLimit(Number(values.lanes));
  const results = (await Promise.all(groups.map((group) => limit(() => runGroup(group))))).flat();
  const tookSec = (performance.now() - startedAt) / 1000;
  return { results, tookSec, cpuSec: cpuOfChildrenSec() - cpuBefore };
}

/** A process for each group: one house's outage must not fail the appends of another's client. */
async function runGroup({ name, drills }: DrillGroup): Promise<DrillResult[]> {
  const child = spawn(process.execPath, [RUN_GROUP, name, ...drills.map(({ id }) => id)], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const timer = setTimeout(() => child.kill('SIGTERM'), GROUP_MS_MAX);
  const results: DrillResult[] = [];
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const result = JSON.parse(line) as DrillResult;
    results.push(result);
    const note = result.outcome === 'FAILED' ? `: ${result.note}` : '';
    console.error(`${result.id} ${result.outcome} (${result.seconds} s)${note}`);
  });
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  for (const { id, title } of drills)
    if (!results.some((result) => result.id === id))
      results.push({
        id,
        title,
        group: name,
        outcome: 'FAILED',
        seconds: 0,
        note: 'its process ended first',
      });
  return results;
}
