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
import { startDrillHouse, type DrillHouse } from './drill-house.ts';
import { brokenInvariants } from './invariants.ts';
import { upload } from './people.ts';
import type { ServiceProcess } from './service-process.ts';

const UPLOADS_AT_ONCE = 4;
const RESTART_AFTER_MS = 300;

const { values } = parseArgs({
  options: {
    s3: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '2000' },
    minutes: { type: 'string', default: '3' },
    'kill-every-ms': { type: 'string', default: '2000' },
  },
});
const [jobs, stormMs] = [Number(values.jobs), Number(values.minutes) * 60_000];

process.on('unhandledRejection', () => undefined);
const house = await startDrillHouse({
  rest: [],
  blobs: values.s3 ? 's3' : 'filesystem',
  // Room for the deaths that are not the job's fault; the ladder itself is the drills'.
  env: {
    WORKER_CONCURRENCY: '8',
    RETRY_MAX_ATTEMPTS: '100',
    JOB_TIMEOUT_SEC: '3600',
    BREAKER_FAILURES: '20',
  },
});
let failed: boolean;
try {
  failed = await storm(house);
} finally {
  await house.stop();
}
process.exit(failed ? 1 : 0);

async function storm(of: DrillHouse): Promise<boolean> {
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
  const gapMs = (stormMs / jobs) * 0.9;
  const uploads = Array.from({ length: jobs }, (_, n) =>
    limit(async () => {
      await sleep(Math.max(0, startedAt + n * gapMs - performance.now()));
      for (let turn = n; ; turn += 1) {
        const taken = await upload(of, { at: apis[turn % 2]!.url, key: `storm-${n}` }).catch(() => null);
        if (taken !== null) return;
      }
    }),
  );
  for (let n = 0; performance.now() - startedAt < stormMs; n += 1) {
    await sleep(Number(values['kill-every-ms']));
    const victim = Math.floor(Math.random() * (services.length + 2));
    const name = await kill(of, services, victim);
    kills.set(name, (kills.get(name) ?? 0) + 1);
  }
  console.log(
    `the storm is over after ${seconds(startedAt)} s; kills: ${JSON.stringify(Object.fromEntries(kills))}`,
  );
  await Promise.all(uploads);
  console.log(`${of.acknowledged.size} uploads acknowledged after ${seconds(startedAt)} s`);
  await Promise.all(services.map((each) => each.ready().catch(() => undefined)));
  const broken = await brokenInvariants(of, 300_000);
  over = true;
  await Promise.all(services.map((each) => each.kill()));
  await Promise.all(supervised);
  const calls = await of.gateway.calls();
  const { rows } = await of.store.query<{ state: string; jobs: number }>(
    'select state, count(*)::int as jobs from docket.jobs group by state order by state',
  );
  console.log(
    `${rows.map(({ state, jobs: count }) => `${count} ${state}`).join(', ')}; ${calls.length} gateway calls; settled after ${seconds(startedAt)} s`,
  );
  for (const fault of broken) console.log(`BROKEN ${fault}`);
  console.log(broken.length === 0 ? 'every invariant holds' : `${broken.length} invariants are broken`);
  return broken.length > 0;
}

async function kill(of: DrillHouse, services: readonly ServiceProcess[], victim: number): Promise<string> {
  if (victim < services.length) {
    services[victim]!.signal('SIGKILL');
    return services[victim]!.name;
  }
  if (victim === services.length) {
    await of.eventStore.kill('SIGKILL');
    await of.eventStore.restart();
    return 'event store';
  }
  await of.postgres.kill();
  await of.postgres.restart();
  return 'postgres';
}

async function supervise(service: ServiceProcess, isOver: () => boolean): Promise<void> {
  for (;;) {
    await service.ended();
    if (isOver()) return;
    await sleep(RESTART_AFTER_MS);
    await service.restart({}, true).catch(() => undefined);
  }
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(0);
}
