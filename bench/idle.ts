/**
 * `npm run bench:idle -- [minutes=5] [warmup=90]` measures an unused installation as `npm start` runs it. After a
 * warm-up in seconds it measures processor time, memory and open files of every process, and prints Markdown. Exits
 * with 1 when all processes together take more than 0.5 % of a core. Linux only.
 */
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { startInstallation } from '../tests/harness/installation.ts';
import { GROUPS, usageOf } from './soak/processes.ts';

const CORE_PERCENT_MAX = 0.5;

const given = Object.fromEntries(process.argv.slice(2).map((text) => text.split('=') as [string, string]));
const minutes = Number(given['minutes'] ?? 5);
const warmUpSec = Number(given['warmup'] ?? 90);

const installation = await startInstallation({
  env: { NODE_ENV: 'development', GATEWAY_CHILDREN: '2' },
});
try {
  await sleep(warmUpSec * 1_000);
  const startedMs = performance.now();
  const before = await usageOf(installation);
  await sleep(minutes * 60_000);
  const after = await usageOf(installation);
  const percentOf = (cpuMs: number): number => (100 * cpuMs) / (performance.now() - startedMs);
  console.log(`Load ${loadavg()[0]?.toFixed(1)} at the end, ${minutes} minutes.\n`);
  console.log('| | processes | processor, % of a core | resident, MiB | allocated, MiB | open files |');
  console.log('|---|---|---|---|---|---|');
  let total = 0;
  for (const group of GROUPS) {
    const { processes, cpuMs, residentMib, allocatedMib, openFiles } = after.groups[group];
    const percent = percentOf(cpuMs - before.groups[group].cpuMs);
    total += percent;
    console.log(
      `| ${group} | ${processes} | ${percent.toFixed(3)} | ${residentMib.toFixed(0)} | ${allocatedMib.toFixed(0)} | ${openFiles} |`,
    );
  }
  const sums = GROUPS.map((group) => after.groups[group]);
  const sumOf = (value: (usage: (typeof sums)[number]) => number): string =>
    sums.reduce((sum, usage) => sum + value(usage), 0).toFixed(0);
  console.log(
    `| all | ${sumOf((usage) => usage.processes)} | ${total.toFixed(3)} | ${sumOf((usage) => usage.residentMib)} | ` +
      `${sumOf((usage) => usage.allocatedMib)} | ${sumOf((usage) => usage.openFiles)} |`,
  );
  console.log(`\n${after.connections} connections to Postgres.`);
  process.exitCode = total > CORE_PERCENT_MAX ? 1 : 0;
} finally {
  await installation.stop();
}
