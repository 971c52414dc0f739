/** Ways in which people run Postgres: on each of them uploads are taken, converted and listed. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { openReadStore } from '../../read-store/pool.ts';
import { createLog } from '../../runtime/log/log.ts';
import { startTestEventStore, type TestEventStore } from '../../tests/harness/event-store.ts';
import { findProgram } from '../../tests/harness/find-program.ts';
import { startOtherPostgres } from '../../tests/harness/other-postgres.ts';
import { until } from '../../tests/harness/api-user.ts';
import { startPgBouncer } from '../../tests/harness/pgbouncer.ts';
import { startTestPostgres } from '../../tests/harness/postgres.ts';
import { startScriptedGateway, type ScriptedGateway } from '../../tests/harness/scripted-gateway.ts';
import { serveOnPostgres, type ServedOnPostgres } from '../../tests/harness/served-on-postgres.ts';

const CERTIFICATES = join(import.meta.dirname, '..', '..', 'deploy', 'make-certificates.sh');
/** Where Debian puts it; `TEST_POSTGRES_15` names another folder. */
const POSTGRES_15 = process.env['TEST_POSTGRES_15'] ?? '/usr/lib/postgresql/15/bin';
/** `TEST_PGBOUNCER` names another one. */
const PGBOUNCER = process.env['TEST_PGBOUNCER'] ?? findProgram('pgbouncer');
const SOME = 24;
/** Backends are ended three times a second. */
const END_EVERY_MS = 333;
const ENDINGS = 30;
const TEST_MS_MAX = 300_000;

let eventStore: TestEventStore;
let gateway: ScriptedGateway;
beforeAll(async () => {
  [eventStore, gateway] = await Promise.all([startTestEventStore(), startScriptedGateway()]);
}, 60_000);
afterAll(async () => {
  await Promise.all([eventStore.stop(), gateway.stop()]);
});

/** What a test has started, the newest first. */
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});
const stopped = <Part extends { stop(): Promise<void> }>(part: Part): Part => {
  stops.push(() => part.stop());
  return part;
};
const serve = async (DATABASE_URL: string): Promise<ServedOnPostgres> =>
  stopped(
    await serveOnPostgres({
      DATABASE_URL,
      EVENTSTORE_URL: eventStore.connectionString,
      GATEWAY_URL: gateway.url,
    }),
  );

/** Uploads, and waits until all is shown; nothing else than 200 and 202 was answered. */
async function works(served: ServedOnPostgres): Promise<void> {
  await served.untilListed(await served.uploadUntil((taken) => taken >= SOME));
  expect(served.statuses().toSorted()).toEqual([200, 202]);
}

describe('Docket works', () => {
  it(
    'on a Unix socket that DATABASE_URL names',
    async () => {
      const { url } = stopped(await startTestPostgres());
      expect(new URL(url).searchParams.get('host')).toMatch(/^\//);
      await works(await serve(url));
    },
    TEST_MS_MAX,
  );

  const with15 = existsSync(join(POSTGRES_15, 'initdb')) ? it : it.skip;
  with15(
    `on Postgres 15, as a role that may only create schemas (needs its programs in ${POSTGRES_15}, or TEST_POSTGRES_15)`,
    async () => {
      const postgres = stopped(await startOtherPostgres({ bin: POSTGRES_15 }));
      const [version] = await postgres.asSuperuser<{ server_version: string }>('show server_version');
      expect(version!.server_version).toMatch(/^15\./);
      await works(await serve(postgres.url));
    },
    TEST_MS_MAX,
  );

  const withPgBouncer = PGBOUNCER === null ? it.skip : it;
  withPgBouncer(
    'behind PgBouncer in transaction mode (needs pgbouncer on this machine, or TEST_PGBOUNCER)',
    async () => {
      const postgres = stopped(await startOtherPostgres());
      const { url } = stopped(await startPgBouncer(PGBOUNCER!, postgres.port));
      await works(await serve(url));
      const [row] = await postgres.asSuperuser<{ backends: number }>(
        `select count(*)::int as backends from pg_stat_activity where usename = 'docket'`,
      );
      // More connections than that were opened to PgBouncer, which shares a few.
      expect(row!.backends).toBeLessThanOrEqual(8);
    },
    TEST_MS_MAX,
  );

  const withOpenssl = findProgram('openssl') === null ? it.skip : it;
  withOpenssl(
    'with sslmode=verify-full under an authority of its own, and refuses another authority or name (needs openssl)',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'docket-postgres-tls-'));
      stops.push(() => rm(folder, { recursive: true, force: true }));
      const made = async (name: string, names: string): Promise<string> => {
        const env = { ...process.env, CERTIFICATE_NAMES: names };
        await promisify(execFile)('sh', [CERTIFICATES, join(folder, name)], { env });
        return join(folder, name);
      };
      const own = await made('own', 'DNS:localhost');
      const other = await made('other', 'DNS:localhost');
      const tls = { certificate: join(own, 'node.crt'), key: join(own, 'node.key') };
      const postgres = stopped(await startOtherPostgres({ tls }));
      const trusting = (host: string, authority: string): string =>
        `postgres://docket@${host}:${postgres.port}/docket?sslmode=verify-full` +
        `&sslrootcert=${encodeURIComponent(join(authority, 'ca', 'ca.crt'))}`;
      await works(await serve(trusting('localhost', own)));
      const plain = await postgres.asSuperuser(
        `select from pg_stat_ssl join pg_stat_activity using (pid) where usename = 'docket' and not ssl`,
      );
      expect(plain).toEqual([]);
      for (const [url, why] of [
        [trusting('localhost', other), /certificate/],
        // The name is not in the certificate, though the server is the same.
        [trusting('127.0.0.1', own), /altnames/],
      ] as const) {
        const store = openReadStore({ url, poolMax: 1, timeoutMs: 5_000, log: createLog('test', 'silent') });
        await expect(store.probe('reading')).rejects.toThrow(why);
        await store.close();
      }
    },
    TEST_MS_MAX,
  );
});

describe('Docket goes on', () => {
  it(
    'while every backend is ended three times a second: no upload is lost, and no failure is answered but 503',
    async () => {
      const postgres = stopped(await startOtherPostgres());
      const served = await serve(postgres.url);
      let ended = 0;
      let rounds = 0;
      const ending = (async () => {
        for (; rounds < ENDINGS; rounds += 1) {
          const gone = await postgres.asSuperuser(
            `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'docket'`,
          );
          ended += gone.length;
          await served.list();
          await sleep(END_EVERY_MS);
        }
      })();
      const jobIds = await served.uploadUntil((taken) => rounds >= ENDINGS && taken >= SOME);
      await ending;
      expect(ended).toBeGreaterThan(ENDINGS);
      await served.untilListed(jobIds);
      expect(served.statuses().filter((status) => ![200, 202, 503].includes(status))).toEqual([]);
    },
    TEST_MS_MAX,
  );

  it(
    'on a Postgres that a failover leaves read-only: lists are shown, uploads taken, and converted once it is promoted',
    async () => {
      const postgres = stopped(await startOtherPostgres());
      const served = await serve(postgres.url);
      const before = await served.uploadUntil((taken) => taken >= SOME);
      await served.untilListed(before);
      await postgres.restartAsStandby();
      await until(
        'who has to write says that it cannot',
        async () => {
          const { services } = await served.ready();
          const saysSo = services.filter(({ waitingFor }) =>
            waitingFor.some(({ why }) => why.includes('takes no writes')),
          );
          const names = saysSo.map(({ service }) => service);
          return ['processor', 'projector', 'sealer'].every((name) => names.includes(name));
        },
        30_000,
      );
      await until('the list is shown', async () => (await served.list()) === 200, 30_000);
      const { services } = await served.ready();
      const reading = services.filter(({ service }) => ['query-api', 'command-api'].includes(service));
      expect(reading.map(({ ready }) => ready)).toEqual([true, true]);
      const meanwhile = await served.uploadUntil((taken) => taken >= SOME);
      await postgres.asSuperuser('select pg_promote()');
      await served.untilListed([...before, ...meanwhile]);
      await until('all is ready', async () => (await served.ready()).ready, 30_000);
      expect(served.statuses().filter((status) => ![200, 202, 503].includes(status))).toEqual([]);
    },
    TEST_MS_MAX,
  );
});
