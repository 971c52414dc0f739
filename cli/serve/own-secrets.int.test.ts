import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SettingName } from '../../schemas/settings/config.ts';
import { startTestEventStore, type TestEventStore } from '../../tests/harness/event-store.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/harness/postgres.ts';
import { startS3Double, type S3Double } from '../../tests/harness/s3-double/s3-double.ts';
import { startScriptedGateway, type ScriptedGateway } from '../../tests/harness/scripted-gateway.ts';
import { freePort } from '../up/free-port.ts';

const DOCKET = join(import.meta.dirname, '..', 'docket.ts');
const LOOK_EVERY_MS = 100;
const SLOW_MS = 120_000;
const BLOBS: readonly SettingName[] = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];

/** Secrets that each service of a production needs. */
const NEEDED: readonly (readonly [string, readonly SettingName[]])[] = [
  ['projector', ['EVENTSTORE_URL', 'DATABASE_URL']],
  ['sealer', ['EVENTSTORE_URL', 'DATABASE_URL', ...BLOBS]],
  ['processor', ['EVENTSTORE_URL', 'DATABASE_URL', 'GATEWAY_TOKEN', ...BLOBS]],
  ['command-api', ['EVENTSTORE_URL', 'SESSION_SECRET', 'GATEWAY_TOKEN', ...BLOBS]],
  ['query-api', ['EVENTSTORE_URL', 'DATABASE_URL', 'SESSION_SECRET', 'GATEWAY_TOKEN', ...BLOBS]],
];

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
  folder = await mkdtemp(join(tmpdir(), 'docket-own-secrets-'));
}, SLOW_MS);
afterAll(async () => {
  await Promise.all([postgres.stop(), eventStore.stop(), gateway.stop(), bucket.close()]);
  await rm(folder, { recursive: true, force: true });
});

const secrets = (): Partial<Record<SettingName, string>> => ({
  EVENTSTORE_URL: eventStore.connectionString,
  DATABASE_URL: postgres.url,
  SESSION_SECRET: '5c1e07fb92ad4386b1f0c7d85a3e6249',
  GATEWAY_TOKEN: 'a token of some length',
  AWS_ACCESS_KEY_ID: bucket.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: bucket.credentials.secretAccessKey,
});

it.each(NEEDED)(
  'a %s of a production becomes ready with the secrets that it needs and no other',
  async (service, needed) => {
    const healthPort = await freePort();
    const own = Object.fromEntries(needed.map((name) => [name, secrets()[name]]));
    const child = spawn(process.execPath, [DOCKET, 'serve', service], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: {
        PATH: process.env['PATH'],
        NODE_ENV: 'production',
        LOG_LEVEL: 'silent',
        EXIT_WITH_PARENT: '1',
        PORT: '0',
        HEALTH_CHECK_PORT: String(healthPort),
        PUBLIC_URL: 'https://docket.example.org',
        DATA_DIR: folder,
        GATEWAY_URL: gateway.url,
        S3_REGION: bucket.region,
        BLOB_STORE: 's3',
        S3_BUCKET: bucket.bucket,
        S3_ENDPOINT: bucket.endpoint,
        S3_FORCE_PATH_STYLE: 'true',
        ...own,
      },
    });
    const exited = once(child, 'exit');
    const isReady = (): Promise<boolean> =>
      fetch(`http://127.0.0.1:${healthPort}/ready`).then(
        (answer) => answer.ok,
        () => false,
      );
    while (child.exitCode === null && !(await isReady())) await sleep(LOOK_EVERY_MS);
    const isRunning = child.exitCode === null;
    child.kill('SIGTERM');
    await exited;
    expect(isRunning).toBe(true);
  },
  SLOW_MS,
);
