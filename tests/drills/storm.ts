/**
 * Many jobs through many processes while one after the other is killed, then the check of all invariants:
 *
 *   npm run drills:storm -- [--s3] [--jobs 2000] [--minutes 3] [--kill-every-ms 2000]
 *
 * Three processors of concurrency 8 and two of everything else. Every process is killed with SIGKILL and started again
 * by a supervisor, as in production; of the stores the event store and Postgres are among them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pLimit from 'p-limit';
import { prepareQuickStarts } from './quick-start.ts';
import { startDrillInstallation, type DrillInstallation } from './drill-installation.ts';
import { brokenInvariants } from './invariants.ts';
import { untilAllFinal } from './job-streams.ts';
import { upload } from './people.ts';
import type { ServiceProcess } from './service-process.ts';

/** Those that wait for an api to come back leave room for others. */
const UPLOADS_AT_ONCE = 16;
const RESTART_AFTER_MS = 300;
const SETTLE_MS_MAX = 300_000;

const { values } = parseArgs({
  options: {
    s3: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '2000' },
    minutes: { type: 'string', default: '3' },
    'kill-every-ms': { type: 'string', default: '2000' },
  },
});
const jobs = Number(values.jobs);
const STORM_MS = Number(values.minutes) * 60_000;
const killEveryMs = Number(values['kill-every-ms']);

await prepareQuickStarts();
process.on('unhandledRejection', () => undefined);
const installation = await startDrillInstallation({
  rest: [],
  direct: true,
  blobs: values.s3 ? 's3' : 'filesystem',
  // Room for the deaths that are not the job's fault; the ladder itself is the drills'.
  env: {
    WORKER_CONCURRENCY: '8',
    RETRY_MAX_ATTEMPTS: '20',
    JOB_TIMEOUT_SEC: '3600',
    BREAKER_FAILURES: '20',
  },
});
let failed: boolean;
try {
  failed = await storm(installation);
} finally {
  await installation.stop();
}
process.exit(failed ? 1 : 0);

async function storm(of: DrillInstallation): Promise<boolean> {
  const names = ['command-api', 'query-api', 'projector'].flatMap((service) =>
    ['a', 'b'].map((letter) => [`${service}-${letter}`, service] as const),
  );
  const processors = ['a', 'b', 'c'].map((letter) => [`processor-${letter}`, 'processor'] as const);
  const services = await Promise.all(
    [...names, ...processors].map(([name, service]) => of.serve(name, [service])),
  );
  await of.gateway.script({ otherwise: { delayMs: 100 } });
  const apis = services.filter(({ name }) => name.startsWith('command-api'));
  let over = false;
  const kills = new Map<string, number>();
  const supervised = services.map((each) => supervise(each, () => over));
  const startedAt = performance.now();
  const limit = pLimit(UPLOADS_AT_ONCE);
  // Spread over the whole storm, so that there is work until its end.
  const gapMs = (STORM_MS / jobs) * 0.9;
  const uploads = Array.from({ length: jobs }, (_, n) =>
    limit(async () => {
      await sleep(Math.max(0, startedAt + n * gapMs - performance.now()));
      for (let turn = n; ; turn += 1) {
        const taken = await upload(of, { at: apis[turn % 2]!.url, key: `storm-${n}` }).catch(() => null);
        if (taken !== null) return;
      }
    }),
  );
  const victims = [...services.map(victimOf), ...storesOf(of)];
  for (let at = performance.now(); at - startedAt < STORM_MS; at += killEveryMs) {
    await sleep(at + killEveryMs - performance.now());
    // One that is already dead cannot be killed; its supervisor is at it.
    const alive = victims.filter((each) => each.isAlive());
    const victim = alive[Math.floor(Math.random() * alive.length)];
    victim?.kill();
    if (victim) kills.set(victim.name, (kills.get(victim.name) ?? 0) + 1);
  }
  console.log(
    `the storm is over after ${seconds(startedAt)} s; ${[...kills.values()].reduce((a, b) => a + b, 0)} kills: ${JSON.stringify(Object.fromEntries(kills))}`,
  );
  await Promise.all(uploads);
  console.log(`${of.acknowledged.size} uploads acknowledged after ${seconds(startedAt)} s`);
  await Promise.all(services.map((each) => each.ready().catch(() => undefined)));
  await untilAllFinal(of, SETTLE_MS_MAX);
  console.log(`every job is final after ${seconds(startedAt)} s`);
  const broken = await brokenInvariants(of);
  over = true;
  await Promise.all(services.map((each) => each.kill()));
  await Promise.all(supervised);
  const calls = await of.gateway.calls();
  const { rows } = await of.store.query<{ state: string; code: string; such: string; jobs: number }>(
    `select state, coalesce(error_code, '') as code, coalesce(min(error_message), '') as such, count(*)::int as jobs
      from docket.jobs
      group by 1, 2 order by 1, 2`,
  );
  console.log(
    `${rows.map(({ state, code, such, jobs: count }) => `${count} ${state} ${code} ${such}`.trim()).join(', ')}; ${calls.length} gateway calls; checked after ${seconds(startedAt)} s`,
  );
  for (const fault of broken) console.log(`BROKEN ${fault}`);
  console.log(broken.length === 0 ? 'every invariant holds' : `${broken.length} invariants are broken`);
  return broken.length > 0;
}

interface Victim {
  readonly name: string;
  isAlive(): boolean;
  /** SIGKILL; does not wait. */
  kill(): void;
}

function victimOf(service: ServiceProcess): Victim {
  return { name: service.name, isAlive: () => service.isAlive(), kill: () => service.signal('SIGKILL') };
}

/** The event store and Postgres, each started again as soon as it is gone. */
function storesOf({ eventStore, postgres }: DrillInstallation): Victim[] {
  const store = (name: string, again: () => Promise<void>): Victim => {
    let alive = true;
    const kill = (): void => {
      alive = false;
      void again().finally(() => (alive = true));
    };
    return { name, isAlive: () => alive, kill };
  };
  return [
    store('event store', () => eventStore.kill('SIGKILL').then(() => eventStore.restart())),
    store('postgres', () => postgres.kill().then(() => postgres.restart())),
  ];
}

async function supervise(service: ServiceProcess, isOver: () => boolean): Promise<void> {
  for (;;) {
    await service.ended();
    if (isOver()) return;
    await sleep(RESTART_AFTER_MS);
    await service.restart({}, { unready: true }).catch(() => undefined);
  }
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(0);
}
