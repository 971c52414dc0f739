/**
 * `npm run bench:idle -- [minutes=5] [warmup=5]` measures an unused installation as `npm start` runs it. After a
 * warm-up it measures processor time, memory and open files of every process, and prints Markdown. Both times are whole
 * minutes. It also prints each minute since the start, because the first minutes still pay for the start. Regular tasks
 * become rarer only after a quiet minute (ADR 0210). Exits with 1 when all processes together take more than 0.5 % of a
 * core. Linux only.
 */
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { startInstallation } from '../tests/harness/installation.ts';
import { GROUPS, usageOf } from './soak/processes.ts';

const CORE_PERCENT_MAX = 0.5;
const MINUTE_MS = 60_000;

const given = Object.fromEntries(process.argv.slice(2).map((text) => text.split('=') as [string, string]));
const minutes = Number(given['minutes'] ?? 5);
const warmUpMinutes = Number(given['warmup'] ?? 5);

/** Returns the processor time in ms that all processes have taken since their start. */
const cpuMsOf = ({ groups }: Awaited<ReturnType<typeof usageOf>>): number =>
  GROUPS.reduce((sum, group) => sum + groups[group].cpuMs, 0);

/** Returns processor time in ms as per cent of a core over some minutes. */
const percentOf = (cpuMs: number, over: number): number => (100 * cpuMs) / (over * MINUTE_MS);

if (![minutes, warmUpMinutes].every((each) => Number.isInteger(each) && each >= 0) || minutes === 0)
  throw new Error('Give whole minutes: at least 1 for `minutes`, at least 0 for `warmup`.');

const installation = await startInstallation({
  env: { NODE_ENV: 'development', GATEWAY_CHILDREN: '2' },
});
try {
  const looks = [await usageOf(installation)];
  const startedMs = performance.now();
  for (let minute = 1; minute <= warmUpMinutes + minutes; minute += 1) {
    await sleep(startedMs + minute * MINUTE_MS - performance.now());
    looks.push(await usageOf(installation));
  }
  const before = looks[warmUpMinutes];
  const after = looks.at(-1);
  if (before === undefined || after === undefined) throw new Error('A minute was not measured.');
  console.log(`Load ${loadavg()[0]?.toFixed(1)} at the end, ${minutes} minutes.\n`);
  console.log('| | processes | processor, % of a core | resident, MiB | allocated, MiB | open files |');
  console.log('|---|---|---|---|---|---|');
  let total = 0;
  for (const group of GROUPS) {
    const { processes, cpuMs, residentMib, allocatedMib, openFiles } = after.groups[group];
    const percent = percentOf(cpuMs - before.groups[group].cpuMs, minutes);
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
  const eachMinute = looks
    .slice(1)
    .map((look, n) => percentOf(cpuMsOf(look) - cpuMsOf(looks[n] ?? look), 1).toFixed(2));
  console.log(`\nEach minute since the start, % of a core: ${eachMinute.join(', ')}.`);
  console.log(`${after.connections} connections to Postgres.`);
  process.exitCode = total > CORE_PERCENT_MAX ? 1 : 0;
} finally {
  await installation.stop();
}
