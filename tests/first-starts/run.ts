/**
 * `npm run check:first-starts -- --times 50 [--busy]`: first starts, one after the other, each called from the moment its
 * port is known. `--busy` keeps every processor busy meanwhile. Exits with 1 when one round had a fault.
 */
import { parseArgs } from 'node:util';
import { keepBusy } from './busy.ts';
import { firstStart, type Round } from './round.ts';

const { values } = parseArgs({
  options: { times: { type: 'string', default: '50' }, busy: { type: 'boolean', default: false } },
});
const times = Number(values.times);
if (!Number.isInteger(times) || times < 1) throw new Error(`--times ${values.times}: not a number of rounds`);

const rest = values.busy ? await keepBusy() : () => Promise.resolve();
const readyMs: number[] = [];
let failed = 0;
try {
  for (let round = 1; round <= times; round += 1) {
    const outcome = await firstStart(round).catch((error: Error) => error);
    if (outcome instanceof Error || outcome.faults.length > 0) failed += 1;
    if (!(outcome instanceof Error)) readyMs.push(outcome.readyMs);
    console.log(`${String(round).padStart(3)}  ${lineOf(outcome)}`);
  }
} finally {
  await rest();
}
const slowest = seconds(Math.max(0, ...readyMs));
const median = seconds(readyMs.toSorted((one, two) => one - two)[readyMs.length >> 1] ?? 0);
const machine = values.busy ? 'a busy machine' : 'this machine';
console.log(
  `${times - failed} of ${times} first starts without a fault on ${machine}; ready after ${median} s (median), ${slowest} s (slowest)`,
);
process.exitCode = failed === 0 ? 0 : 1;

function lineOf(outcome: Round | Error): string {
  if (outcome instanceof Error) return `FAILED  ${outcome.message.slice(0, 400)}`;
  const { before, after, uploads, faults } = outcome;
  const counts = `ready after ${seconds(outcome.readyMs)} s; before: ${before.refused} refused, ${before.waits} 503, ${before.works} worked; after: ${after.works} worked; ${uploads} uploads Ready`;
  if (faults.length === 0) return `ok      ${counts}`;
  return `FAILED  ${counts}; ${faults.length} faults, the first: ${faults.slice(0, 3).join(' | ')}`;
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}
