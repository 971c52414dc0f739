/**
 * Measures no-op jobs from end to end: a command is handled, its event is in the log, the job is claimed, a conversion
 * returns at once, the outcome is in the log, the row is in the read table. The event store, Postgres, a producer and
 * the services are separate processes, as in a deployment. Every append and every read-table commit reaches the disk.
 *
 *   node bench/no-op.ts throughput [n=5000] [c=16] [inflight=16] [tls=1] [like=0] [counts=0] [warm=200]
 *   node bench/no-op.ts latency [rate=50] [secs=12] [c=16] [tls=1] [like=0]
 *
 * The event store demands TLS and a user, as `npm start` runs it; `tls=0` measures without them. `like=1` makes the store
 * behave as EventStoreDB does: it ends a subscription that is 64 events behind, and its reader then reads the log again.
 * `counts=1` also prints the work of Postgres for one job: statements, rows and WAL by table, and the indexes that
 * were read. Counting takes some time, so rates are measured without it.
 *
 * Prints one line of JSON. Takes at most a minute on any machine. Fails when a part logs a warning or an error.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTestEventStore } from '../tests/harness/event-store.ts';
import { startTestPostgres } from '../tests/harness/postgres.ts';
import { databaseWork, databaseWorkPerJob, letItCount } from './no-op/database-work.ts';
import { operate, type Operated } from './no-op/operations.ts';

const LONGEST_MS = 60_000;
const POLL_MS = 20;
/** A backend of Postgres reports its counters once a second. */
const COUNTED_AFTER_MS = 2_500;
const TLS_AND_USER = { tls: true, users: [{ name: 'docket', password: 'docket', groups: ['$admins'] }] };

export interface NoOpOptions {
  readonly n: number;
  readonly c: number;
  readonly inflight: number;
  readonly rate: number;
  readonly secs: number;
  /** 0 measures a store without TLS and users. */
  readonly tls: number;
  /** 1 measures a store that behaves as EventStoreDB does. */
  readonly like: number;
  /** 1 prints the work of Postgres for one job. */
  readonly counts: number;
  /** Largest half of V8's young generation in the services and in the event store, in MiB; 0 selects Node's default. */
  readonly young: number;
  readonly storeYoung: number;
  /** 1 makes V8 collect garbage only on the process's own thread, in the services and in the event store. */
  readonly oneThread: number;
  readonly storeOneThread: number;
  /**
   * Number of jobs before the measurement. V8 compiles most of the code during these jobs; after 200 jobs about half
   * of it is compiled.
   */
  readonly warm: number;
}

/** Returns the flags for Node. */
function collectorFlags(mebibytes: number, oneThread: number): string[] {
  return [
    ...(mebibytes === 0 ? [] : [`--max-semi-space-size=${mebibytes}`]),
    ...(oneThread === 0 ? [] : ['--single-threaded-gc']),
  ];
}

const DEFAULTS: NoOpOptions = {
  n: 5_000,
  c: 16,
  inflight: 16,
  rate: 50,
  secs: 12,
  tls: 1,
  like: 0,
  counts: 0,
  young: 0,
  storeYoung: 0,
  oneThread: 0,
  storeOneThread: 0,
  warm: 200,
};

const [mode = 'throughput', ...given] = process.argv.slice(2);
const options: NoOpOptions = {
  ...DEFAULTS,
  ...Object.fromEntries(
    given.map((text): [string, number] => {
      const [name = '', value = ''] = text.split('=');
      return [name, Number(value)];
    }),
  ),
};
const tooLong = new Promise<never>((_resolve, reject) => {
  setTimeout(() => reject(new Error('the bench took longer than a minute')), LONGEST_MS).unref();
});
const [eventStore, postgres] = await Promise.all([
  startTestEventStore({
    ...(options.tls === 0 ? {} : TLS_AND_USER),
    likeEventStoreDB: options.like === 1,
    nodeFlags: collectorFlags(options.storeYoung, options.storeOneThread),
  }),
  startTestPostgres(options.counts === 0 ? {} : { prepare: letItCount }),
]);
const env = {
  LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'warn',
  NODE_ENV: 'test',
  EVENTSTORE_URL: eventStore.connectionString,
  DATABASE_URL: postgres.url,
  WORKER_CONCURRENCY: String(options.c),
};
const producer = operate('producer.ts', env);
// Fills the log before the services start, because retention warns of an empty log.
await producer.ask('fill', { n: options.warm, inflight: options.inflight });
const services = operate('services.ts', env, collectorFlags(options.young, options.oneThread));
try {
  const measured = await Promise.race([measure(), tooLong]);
  const troubles = [services, producer].flatMap((each) => each.troubles());
  if (troubles.length > 0) throw new Error(`a part was in trouble meanwhile: ${troubles[0]}`);
  process.stdout.write(`${JSON.stringify({ system: 'docket', mode, ...options, ...measured })}\n`);
} finally {
  await Promise.allSettled([services.ask('stop'), producer.ask('stop')]);
  await Promise.all([eventStore.stop(), postgres.stop()]);
}

async function measure(): Promise<object> {
  while (!(await services.ask<boolean>('ready'))) await sleep(POLL_MS);
  await finished(services, options.warm);
  await producer.ask('forget');
  return mode === 'latency' ? latency(services, producer) : throughput(services, producer);
}

interface Span {
  readonly from: number;
  readonly to: number;
}

async function throughput(work: Operated, feed: Operated) {
  const counted = options.counts === 0 ? null : await settledWork();
  const cpu = cpuMs();
  const filling = feed.ask<Span>('fill', { n: options.n, inflight: options.inflight });
  const { from, to } = await filling;
  const end = await finished(work, options.warm + options.n);
  const { startedTwice } = await work.ask<{ startedTwice: number }>('startedAt');
  return {
    jobsPerSec: Math.round((options.n * 1e9) / (end - from)),
    enqueuedPerSec: Math.round((options.n * 1e9) / (to - from)),
    startedTwice,
    cpuMsPerJob: cpuPerJob(cpu, cpuMs(), options.n),
    peakMiB: { services: peakMiB(services.pid), eventStore: peakMiB(eventStore.pid()) },
    ...(counted && {
      database: await databaseWorkPerJob(postgres.url, [counted, await settledWork()], options.n),
    }),
  };
}

/** Waits until everything is quiet, and returns the counters of Postgres. */
async function settledWork() {
  await sleep(COUNTED_AFTER_MS);
  return databaseWork(postgres.url);
}

async function latency(work: Operated, feed: Operated) {
  const n = options.rate * options.secs;
  const filling = feed.ask<Span>('offer', { rate: options.rate, secs: options.secs });
  await filling;
  await finished(work, options.warm + n);
  const sent = await feed.ask<Record<string, { called: number; acknowledged: number }>>('sent');
  const { startedAt } = await work.ask<{ startedAt: Record<string, number> }>('startedAt');
  const jobs = Object.entries(sent).map(([jobId, times]) => ({ ...times, started: startedAt[jobId] ?? NaN }));
  return {
    acknowledgeMs: percentiles(jobs.map((job) => job.acknowledged - job.called)),
    /** From the acknowledgement to the start of the conversion. The claim is in the log at that time. */
    dispatchMs: percentiles(jobs.map((job) => job.started - job.acknowledged)),
    /** From the call to the start of the conversion. The queue latency of the peers is measured in the same way. */
    queueMs: percentiles(jobs.map((job) => job.started - job.called)),
  };
}

/** Waits until the read table shows the given number of ready jobs; returns the time of that moment. */
async function finished(work: Operated, jobs: number): Promise<number> {
  for (;;) {
    const seen = await work.ask<{ jobs: number; at: number }>('finished', { awaited: jobs });
    if (seen.jobs >= jobs) return seen.at;
    await sleep(POLL_MS);
  }
}

function percentiles(ns: readonly number[]) {
  const sorted = [...ns].sort((a, b) => a - b);
  const at = (share: number): number => round((sorted[Math.ceil(sorted.length * share) - 1] ?? NaN) / 1e6);
  return { n: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

/**
 * CPU time in ms of a process and its children that ended. /proc/PID/stat counts in hundredths of a second (proc(5)).
 */
function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return children === '' ? [] : children.split(' ').map(Number);
}

function ownChildren(running: string): number[] {
  return childrenOf(process.pid).filter((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(running),
  );
}

/** Largest resident memory so far, in MiB (VmHWM of proc(5)). */
function peakMiB(pid: number): number {
  const kibibytes = /^VmHWM:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kibibytes) / 1024);
}

/** CPU time so far by part, in ms. Other programs on the machine hardly change it. */
function cpuMs(): Record<string, number> {
  const backends = [postgres.pid, ...childrenOf(postgres.pid)].map(cpuMsOf);
  return {
    eventStore: ownChildren('event-store-server/main.ts').reduce((total, pid) => total + cpuMsOf(pid), 0),
    postgres: backends.reduce((total, ms) => total + ms, 0),
    services: cpuMsOf(services.pid),
    producer: cpuMsOf(producer.pid),
  };
}

function cpuPerJob(before: Record<string, number>, after: Record<string, number>, jobs: number) {
  const parts = Object.entries(after).map(
    ([part, ms]) => [part, round((ms - (before[part] ?? 0)) / jobs)] as const,
  );
  return { ...Object.fromEntries(parts), total: round(parts.reduce((total, [, ms]) => total + ms, 0)) };
}

function round(value: number): number {
  return Number(value.toFixed(2));
}
