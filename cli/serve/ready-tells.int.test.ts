/** `/ready` of every service, and the end of a start, as the process itself answers them. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Readiness, WaitingFor } from '../../runtime/service.ts';
import { startTestEventStore, type TestEventStore } from '../../tests/harness/event-store.ts';
import { startFaultProxy, type FaultProxy } from '../../tests/harness/fault-proxy.ts';
import { until } from '../../tests/harness/api-user.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/harness/postgres.ts';
import { runDocket } from '../../tests/harness/run-docket.ts';
import { startS3Double, type S3Double } from '../../tests/harness/s3-double/s3-double.ts';
import { startScriptedGateway, type ScriptedGateway } from '../../tests/harness/scripted-gateway.ts';
import { freePort } from '../up/free-port.ts';

const DOCKET = join(import.meta.dirname, '..', 'docket.ts');
/** Within this, `/ready` names what is missing. */
const TOLD_MS_MAX = 5_000;
const LOOK_EVERY_MS = 50;
const READY_MS_MAX = 90_000;
const ALL = ['command-api', 'processor', 'projector', 'sealer', 'query-api'];

interface ReadyAnswer {
  readonly ready: boolean;
  readonly services: readonly ({ readonly service: string } & Readiness)[];
}

let postgres: TestPostgres;
let eventStore: TestEventStore;
let gateway: ScriptedGateway;
let bucket: S3Double;
let folder: string;
beforeAll(async () => {
  [postgres, eventStore, gateway, bucket] = await Promise.all([
    startTestPostgres({ port: 0 }),
    startTestEventStore(),
    startScriptedGateway(),
    startS3Double(),
  ]);
  folder = await mkdtemp(join(tmpdir(), 'docket-ready-'));
}, 120_000);
afterAll(async () => {
  await Promise.all([postgres.stop(), eventStore.stop(), gateway.stop(), bucket.close()]);
  await rm(folder, { recursive: true, force: true });
});

const portOf = (url: string): number => Number(new URL(url).port);

/** What every service needs to know of its surroundings; the stores are set apart. */
const environment = (): Record<string, string> => ({
  DATA_DIR: folder,
  BLOB_STORE: 's3',
  S3_BUCKET: bucket.bucket,
  S3_REGION: bucket.region,
  S3_ENDPOINT: bucket.endpoint,
  S3_FORCE_PATH_STYLE: 'true',
  AWS_ACCESS_KEY_ID: bucket.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: bucket.credentials.secretAccessKey,
  EVENTSTORE_URL: eventStore.connectionString,
  DATABASE_URL: postgres.url,
  GATEWAY_URL: gateway.url,
  LOG_LEVEL: 'silent',
  NODE_OPTIONS: '',
});

/** Services whose way to each dependency leads through a proxy. */
async function behindProxies() {
  const proxies = {
    'event store': await startFaultProxy(eventStore.port),
    Postgres: await startFaultProxy(portOf(postgres.url)),
    'blob store': await startFaultProxy(portOf(bucket.endpoint)),
    gateway: await startFaultProxy(portOf(gateway.url)),
  };
  const healthPort = await freePort();
  const database = new URL(postgres.url);
  database.port = String(proxies.Postgres.port);
  const child: ChildProcess = spawn(process.execPath, [DOCKET, 'serve', 'all'], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      ...process.env,
      ...environment(),
      EXIT_WITH_PARENT: '1',
      PORT: String(await freePort()),
      HEALTH_CHECK_PORT: String(healthPort),
      HOST: '127.0.0.1',
      EVENTSTORE_URL: eventStore.connectionStringAs({ port: proxies['event store'].port }),
      DATABASE_URL: database.href,
      S3_ENDPOINT: `http://127.0.0.1:${proxies['blob store'].port}`,
      GATEWAY_URL: `http://127.0.0.1:${proxies.gateway.port}`,
    },
  });
  const ended = once(child, 'exit');
  return {
    proxies,
    ready: async (): Promise<ReadyAnswer> =>
      (await (await fetch(`http://127.0.0.1:${healthPort}/ready`)).json()) as ReadyAnswer,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      await Promise.all(Object.values(proxies).map((proxy) => proxy.stop()));
    },
  };
}

type Running = Awaited<ReturnType<typeof behindProxies>>;
type DependencyName = keyof Running['proxies'];

/** Which services need what. */
const NEEDED_BY: Readonly<Record<DependencyName, readonly string[]>> = {
  'event store': ALL,
  Postgres: ALL.filter((name) => name !== 'command-api'),
  'blob store': ALL.filter((name) => name !== 'projector'),
  gateway: ['processor'],
};

describe('/ready of each service', () => {
  let running: Running;
  beforeAll(async () => {
    running = await behindProxies();
    const isReady = () =>
      running.ready().then(
        ({ ready }) => ready,
        () => false,
      );
    await until('ready', isReady, READY_MS_MAX);
  }, 120_000);
  afterAll(() => running.stop());

  const cases = (Object.keys(NEEDED_BY) as DependencyName[]).flatMap((name) =>
    (['refuse', 'silent'] as const).map((fault) => [name, fault] as const),
  );
  it.each(cases)(
    'of who needs the %s names it within 5 s of its end (%s), not as final; the others stay ready, and all are when it is back',
    async (name, fault) => {
      const proxy: FaultProxy = running.proxies[name];
      const goneAt = performance.now();
      proxy.fault[fault] = true;
      if (fault === 'refuse') proxy.cut();
      const told = new Map<string, number>();
      const faults: WaitingFor[] = [];
      const untouched = new Set(ALL.filter((service) => !NEEDED_BY[name].includes(service)));
      const wrongly: string[] = [];
      // A machine that gives this test no time for a while gives none to the services either.
      let lookedAt = goneAt;
      let longestGapMs = 0;
      while (told.size < NEEDED_BY[name].length && performance.now() - goneAt < 4 * TOLD_MS_MAX) {
        for (const { service, ready, waitingFor } of (await running.ready()).services) {
          if (!ready && untouched.has(service)) wrongly.push(`${service}: ${JSON.stringify(waitingFor)}`);
          const missing = waitingFor.find(({ dependency }) => dependency === name);
          // A service may know a moment before the probe does; only the probe knows the address.
          if (missing === undefined || ready || missing.at === null) continue;
          if (!told.has(service)) told.set(service, performance.now() - goneAt);
          if (missing.final || missing.why === '') faults.push(missing);
        }
        longestGapMs = Math.max(longestGapMs, performance.now() - lookedAt);
        lookedAt = performance.now();
        await sleep(LOOK_EVERY_MS);
      }
      proxy.fault[fault] = false;
      proxy.cut();
      await until('ready again', async () => (await running.ready()).ready, READY_MS_MAX);
      expect([...told.keys()].toSorted()).toEqual(NEEDED_BY[name].toSorted());
      expect(Math.max(...told.values())).toBeLessThan(TOLD_MS_MAX + longestGapMs);
      expect([faults, wrongly]).toEqual([[], []]);
    },
    150_000,
  );
});

describe('a start that waiting cannot help ends with one sentence and exit code 1', () => {
  const served = async (DATABASE_URL: string) =>
    runDocket(['serve', 'all'], {
      ...environment(),
      DATABASE_URL,
      PORT: String(await freePort()),
      HEALTH_CHECK_PORT: String(await freePort()),
    });
  const changed = (change: (url: URL) => void): string => {
    const url = new URL(postgres.url);
    change(url);
    return url.href;
  };

  it('a password that Postgres refuses', async () => {
    const wrong = changed((url) => {
      url.password = 'wrong';
    });
    const ran = await served(wrong);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(
      /^Docket: The Postgres at 127\.0\.0\.1:\d+\/test_\w+ will not serve Docket: .*password authentication failed for user "docket"\.$/m,
    );
    expect(ran.stderr).not.toContain('wrong@');
  }, 120_000);

  it('a database that does not exist', async () => {
    const ran = await served(changed((url) => (url.pathname = '/nowhere')));
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(
      /^Docket: The Postgres at 127\.0\.0\.1:\d+\/nowhere will not serve Docket: .*database "nowhere" does not exist\.$/m,
    );
  }, 120_000);
});
