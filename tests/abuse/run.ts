/**
 * `npm run check:abuse -- [--requests 360000]`: measures what an hour of an anonymous client at the limit of an
 * address leaves behind. The default is 360,000 requests. Ctrl-C ends the sending; the requests up to then are
 * judged. Exits with 1 when the log grew too much, a process keeps growing, or an answer was wrong.
 */
import { parseArgs } from 'node:util';
import {
  abuse,
  HOUR_REQUESTS,
  LOG_GROWTH_BYTES_MAX,
  RSS_GROWTH_BYTES_MAX,
  rssGrowth,
  type Sample,
} from './abuse.ts';

const MIB = 1024 * 1024;
const { values } = parseArgs({ options: { requests: { type: 'string', default: String(HOUR_REQUESTS) } } });
const asked = Number(values.requests);
if (!Number.isInteger(asked) || asked < 1) throw new Error(`--requests ${values.requests}: not a number`);
const enough = new AbortController();
process.once('SIGINT', () => enough.abort());

const { requests, tookSec, answers, wrong, samples, logBytes } = await abuse({
  requests: asked,
  onSample: tell,
  enough: enough.signal,
});
const grown = logBytes.scavenged - logBytes.before;
const growth = rssGrowth(samples);
for (const [line, count] of Object.entries(answers).toSorted())
  console.log(`${String(count).padStart(8)}  ${line}`);
console.log(
  `${requests} requests in ${tookSec.toFixed(0)} s; the log: ${mib(logBytes.before)} MiB before, ${mib(logBytes.after)} after, ` +
    `${mib(logBytes.scavenged)} after the scavenge`,
);
console.log(`memory from the second fifth to the last: ${inMib(growth, { isSigned: true })}`);
const faults = [
  ...(grown > (LOG_GROWTH_BYTES_MAX * requests) / HOUR_REQUESTS
    ? [`the log has grown by ${mib(grown)} MiB`]
    : []),
  ...Object.entries(growth)
    .filter(([, bytes]) => bytes > RSS_GROWTH_BYTES_MAX)
    .map(([name]) => `${name} keeps growing`),
  ...Object.entries(wrong).map(([line, count]) => `${count} wrong answers: ${line}`),
];
console.log(faults.length === 0 ? 'ok' : `FAILED: ${faults.join('; ')}`);
process.exitCode = faults.length === 0 ? 0 : 1;

function tell({ requests: done, logBytes: log, rss }: Sample): void {
  console.log(`${String(done).padStart(8)}  log ${mib(log)} MiB  ${inMib(rss, { isSigned: false })}`);
}

function inMib(bytes: Readonly<Record<string, number>>, { isSigned }: { isSigned: boolean }): string {
  return Object.entries(bytes)
    .map(([name, each]) => `${name} ${isSigned && each >= 0 ? '+' : ''}${mib(each)}`)
    .join('  ');
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(1);
}
