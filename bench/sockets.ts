/**
 * `npm run bench:sockets` measures ten thousand idle sockets and a hundred updates a second, beside bare `ws` in the
 * same run. Then it cuts all sockets, which return at once. Takes about two minutes and prints Markdown. Needs 12,000
 * open files (`ulimit -n`).
 */
import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { createCrowd } from './sockets/crowd.ts';
import type { Ask } from './sockets/server.ts';

const SOCKETS = Number(process.env['BENCH_SOCKETS'] ?? 10_000);
const UPDATES_PER_SECOND = 100;
const UPDATES_MS = 10_000;
const SETTLE_MS = 1_000;
const MIB = 1024 * 1024;

interface Measured {
  readonly kind: string;
  readonly emptyMib: number;
  readonly fullMib: number;
  readonly openedSec: number;
  readonly p50: number;
  readonly p99: number;
  readonly updates: number;
  readonly stormSec: number;
}

async function answer<Said>(server: ChildProcess, asked: Ask): Promise<Said> {
  server.send(asked);
  const [said] = (await once(server, 'message')) as [Said];
  return said;
}

const memoryOf = async (server: ChildProcess): Promise<number> =>
  (await answer<{ bytes: number }>(server, { ask: 'memory' })).bytes / MIB;

/**
 * Measures one kind of server: memory before and with the sockets, latency of the updates, and the return of all
 * sockets at once.
 */
async function measure(kind: 'bare' | 'fan-out' | 'docket'): Promise<Measured> {
  const server = fork(join(import.meta.dirname, 'sockets', 'server.ts'), [kind], {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'test' },
  });
  const [{ port }] = (await once(server, 'message')) as [{ port: number }];
  const owners = Array.from({ length: SOCKETS }, () => randomUUID().replaceAll('-', '').slice(0, 22));
  const crowd = createCrowd(owners);
  await answer(server, { ask: 'jobs', owners });
  const emptyMib = await memoryOf(server);
  const openedSec = (await crowd.open(port)) / 1_000;
  const fullMib = await memoryOf(server);
  crowd.takeLatencies();
  await answer(server, { ask: 'update', owners, perSecond: UPDATES_PER_SECOND, forMs: UPDATES_MS });
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const latencies = crowd.takeLatencies().toSorted((a, b) => a - b);
  crowd.cut();
  const stormSec = kind === 'fan-out' ? Number.NaN : (await crowd.open(port)) / 1_000;
  crowd.cut();
  const ended = once(server, 'exit');
  server.send({ ask: 'stop' } satisfies Ask);
  await ended;
  const at = (share: number) =>
    latencies[Math.min(latencies.length - 1, Math.ceil(share * latencies.length) - 1)] ?? Number.NaN;
  return {
    kind,
    emptyMib,
    fullMib,
    openedSec,
    p50: at(0.5),
    p99: at(0.99),
    updates: latencies.length,
    stormSec,
  };
}

const shown = (value: number): string =>
  Number.isNaN(value) ? '' : value >= 10 ? value.toFixed(0) : value.toFixed(2);

console.log(
  `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown CPU'}, load before the run ${loadavg()[0]!.toFixed(1)}.\n`,
);
console.log(
  `| ${SOCKETS} sockets | MiB empty | MiB with all | MiB of the sockets | all open after s | updates arrived | p50 ms | p99 ms | storm s |`,
);
console.log('|---|---|---|---|---|---|---|---|---|');
const KINDS = ['bare', 'fan-out', 'docket'] as const;
const wanted = process.argv.slice(2);
for (const kind of KINDS.filter((each) => wanted.length === 0 || wanted.includes(each))) {
  const { emptyMib, fullMib, openedSec, p50, p99, updates, stormSec } = await measure(kind);
  const cells = [emptyMib, fullMib, fullMib - emptyMib, openedSec, updates, p50, p99, stormSec].map(shown);
  console.log(`| ${kind} | ${cells.join(' | ')} |`);
}
