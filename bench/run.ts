/**
 * `npm run bench` measures the first table of `bench/README.md` in one run on one machine. Takes five to ten minutes
 * and prints Markdown.
 *
 *   npm run bench                              Docket alone
 *   PEERS_DIR=/tmp/peers npm run bench         beside graphile-worker, pg-boss and BullMQ, whose folder is prepared and
 *                                              whose services run (bench/README.md says how)
 */
import { execFile } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const RUNS = Number(process.env['BENCH_RUNS'] ?? 3);
const JOBS = 5_000;
const STEP_MS_MAX = 180_000;
/** The names that the peers' bench uses. `PEERS=graphile,pgboss-tuned` needs no Redis. */
const PEERS = (process.env['PEERS'] ?? 'graphile,pgboss-tuned,bullmq-aof+pgrow+history').split(',');
const peersDir = process.env['PEERS_DIR'];

interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}
interface Throughput {
  readonly jobsPerSec: number;
  /** CPU time by process. Docket's bench adds up the processes under `total`; the peers' bench does not. */
  readonly cpuMsPerJob: Readonly<Record<string, number>>;
}
interface Latency {
  readonly queueMs: Percentiles;
  readonly dispatchMs?: Percentiles;
}

async function run(
  script: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...args], {
    timeout: STEP_MS_MAX,
    maxBuffer: 16 * 1024 * 1024,
    env: { ...process.env, NODE_ENV: 'test', ...env },
  });
  return stdout.trim();
}

/** Runs one measurement of Docket or of a peer. The result is the last line of JSON that the program prints. */
async function cell<Measured>(system: string, mode: 'throughput' | 'latency'): Promise<Measured> {
  const docketArgs =
    mode === 'throughput' ? [`n=${JOBS}`, 'c=16', 'inflight=16'] : ['rate=50', 'secs=15', 'c=16'];
  const peerArgs =
    mode === 'throughput' ? [`n=${JOBS}`, 'c=16', 'jobMs=0'] : ['rate=50', 'secs=15', 'c=16', 'jobMs=0'];
  const printed =
    system === 'docket'
      ? await run(join(import.meta.dirname, 'no-op.ts'), [mode, ...docketArgs])
      : await run(
          join(peersDir!, 'bench.mjs'),
          [system, mode === 'throughput' ? 'e2e' : 'latency', ...peerArgs],
          peerSettings(),
        );
  return JSON.parse(printed.split('\n').at(-1)!) as Measured;
}

/** Returns the variables that the peers' `env.sh` sets. */
function peerSettings(): Record<string, string> {
  const root = peersDir!;
  return {
    ROOT: root,
    DATA: join(root, 'data'),
    PGPORT: '55432',
    REDIS_PORT: '56379',
    GATE_PCT: '0',
    PG_URL: 'postgres://postgres@127.0.0.1:55432/bench',
  };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
const cpuOf = ({ cpuMsPerJob: { total, ...parts } }: Throughput): number =>
  total ?? Object.values(parts).reduce((sum, ms) => sum + ms, 0);
const shown = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1);

async function noOpJobs(): Promise<void> {
  const systems = ['docket', ...(peersDir ? PEERS : [])];
  const runs = new Map<string, Throughput[]>(systems.map((system) => [system, []]));
  const waits = new Map<string, Latency[]>(systems.map((system) => [system, []]));
  // The systems take turns, so that a slow phase of the machine affects all of them.
  for (let round = 0; round < RUNS; round += 1)
    for (const system of systems) {
      runs.get(system)!.push(await cell<Throughput>(system, 'throughput'));
      waits.get(system)!.push(await cell<Latency>(system, 'latency'));
    }

  const rateOf = (system: string): number => median(runs.get(system)!.map(({ jobsPerSec }) => jobsPerSec));
  const docket = rateOf('docket');
  console.log(
    `## No-op jobs, end to end (${JOBS} jobs, 16 at a time; median of ${RUNS} runs taken in turns)\n`,
  );
  console.log(
    '| system | jobs/s | Docket is | CPU ms a job | queue latency at 50 jobs/s, ms: p50 | p95 | p99 |\n|---|---|---|---|---|---|---|',
  );
  for (const system of systems) {
    const rate = rateOf(system);
    const cpuMs = median(runs.get(system)!.map(cpuOf)).toFixed(2);
    const at = (name: keyof Percentiles) =>
      shown(median(waits.get(system)!.map(({ queueMs }) => queueMs[name])));
    console.log(
      `| ${system} | ${shown(rate)} | ${(docket / rate).toFixed(2)} times it | ${cpuMs} | ${at('p50')} | ${at('p95')} | ${at('p99')} |`,
    );
  }
  const dispatch = waits.get('docket')!.flatMap(({ dispatchMs }) => (dispatchMs ? [dispatchMs] : []));
  const of = (name: keyof Percentiles) => shown(median(dispatch.map((each) => each[name])));
  console.log(
    `\nDispatch (202 to claimed) at 50 jobs/s: p50 ${of('p50')}, p95 ${of('p95')}, p99 ${of('p99')} ms.\n`,
  );
}

console.log(
  `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown CPU'}, load before the run ${loadavg()[0]!.toFixed(1)}.\n`,
);
await noOpJobs();
console.log(
  `## Appends and reads through the client\n\n\`\`\`\n${await run(join(import.meta.dirname, 'event-store.ts'), [])}\n\`\`\`\n`,
);
console.log(
  `## Rebuild of the read tables\n\n\`\`\`\n${await run(join(import.meta.dirname, 'rebuild.ts'), [])}\n\`\`\`\n`,
);
console.log(
  `## Upload CPU beside a bare server\n\n\`\`\`\n${await run(join(import.meta.dirname, 'upload.ts'), [])}\n\`\`\``,
);
