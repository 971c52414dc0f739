import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WaitingFor } from '../../runtime/service.ts';
import { loadSettings } from '../../runtime/settings/settings.ts';
import { startTestEventStore, type TestEventStore } from '../../tests/harness/event-store.ts';
import { startFaultProxy } from '../../tests/harness/fault-proxy.ts';
import { until } from '../../tests/harness/api-user.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/harness/postgres.ts';
import { runDocket } from '../../tests/harness/run-docket.ts';
import { linesOnEnvironment, namedServers, tryServers } from './named-servers.ts';

const DOCKET = join(import.meta.dirname, '..', 'docket.ts');

let postgres: TestPostgres;
let eventStore: TestEventStore;
let folder: string;
beforeAll(async () => {
  [postgres, eventStore] = await Promise.all([startTestPostgres({ port: 0 }), startTestEventStore()]);
  folder = await mkdtemp(join(tmpdir(), 'docket-named-'));
}, 120_000);
afterAll(async () => {
  await Promise.all([postgres.stop(), eventStore.stop(), rm(folder, { recursive: true, force: true })]);
});

const withParts = (change: (url: URL) => void): string => {
  const url = new URL(postgres.url);
  change(url);
  return url.href;
};
/** Asks until all serve, or until one says what waiting cannot change; tells what was waited for. */
async function tried(environment: Record<string, string>, onWaiting = (_first: WaitingFor) => undefined) {
  const stop = new AbortController();
  const servers = namedServers(loadSettings(environment));
  await tryServers(servers, stop.signal, ([first]) => onWaiting(first!));
}
const up = (environment: Record<string, string>) =>
  runDocket(['up'], { DATA_DIR: folder, PORT: '0', ...environment });

describe('servers that the environment names', () => {
  it('are said with their setting and address, and without user and password, as NODE_ENV is', () => {
    const settings = loadSettings({
      NODE_ENV: 'production',
      SESSION_SECRET: '8f3b1c9de2a74650b7c1d2e3f4a59687',
      DATABASE_URL: 'postgres://shop:secret@db.example/shop?sslmode=require',
      EVENTSTORE_URL: 'esdb://admin:secret@log.example:2113',
      GATEWAY_URL: 'http://me:secret@gateway.example:8085/x',
    });
    expect(linesOnEnvironment(settings, namedServers(settings))).toEqual([
      'NODE_ENV: production, from the environment',
      'event store: EVENTSTORE_URL, esdb://log.example:2113',
      'Postgres: DATABASE_URL, db.example:5432/shop',
      'gateway: GATEWAY_URL, gateway.example:8085',
    ]);
    expect(linesOnEnvironment(loadSettings({}), [])).toEqual([]);
  });

  it.each([
    [
      'DATABASE_URL',
      'mysql://root:secret@127.0.0.1/shop',
      'must begin with postgres:// or postgresql://, not with mysql:',
    ],
    ['DATABASE_URL', 'file:./dev.db', 'must begin with postgres:// or postgresql://, not with file:'],
    ['GATEWAY_URL', 'ftp://127.0.0.1', 'must begin with http:// or https://, not with ftp:'],
    ['EVENTSTORE_URL', 'kafka://127.0.0.1', 'must begin with esdb:// or esdb+discover://'],
  ])('of another kind are refused at once: %s=%s', async (name, value, sentence) => {
    const ran = await up({ [name]: value });
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining(`${name}: ${sentence}`)]);
    expect(ran.stderr).not.toContain('secret');
  });

  it('are taken when they serve', async () => {
    await tried({ DATABASE_URL: postgres.url, EVENTSTORE_URL: eventStore.connectionString });
  });

  it('are waited for while nobody answers, in a line that says where, since when and why', async () => {
    const child = spawn(process.execPath, [DOCKET, 'up'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        DATA_DIR: join(folder, 'waits'),
        PORT: '0',
        DATABASE_URL: 'postgres://shop:secret@127.0.0.1:1/shop',
      },
    });
    let said = '';
    const exit = once(child, 'exit');
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await until('it says that it waits', () => Promise.resolve(said.includes('waits')), 60_000);
    // Longer than a start was once given.
    await until('it says so again', () => Promise.resolve(said.split('waits').length > 2), 60_000);
    child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
    expect(said).toContain('Docket: Postgres: DATABASE_URL, 127.0.0.1:1/shop\n');
    expect(said).toMatch(
      /^Docket waits for the Postgres at 127\.0\.0\.1:1\/shop since \d\d:\d\d:\d\d UTC \(\d+ s\): nobody listens at 127\.0\.0\.1:1\.$/m,
    );
    expect(said).not.toContain('secret');
  }, 180_000);

  it('are taken as soon as they answer', async () => {
    const proxy = await startFaultProxy(Number(new URL(postgres.url).port));
    proxy.fault.refuse = true;
    const behind = withParts((url) => (url.port = String(proxy.port)));
    const waited: WaitingFor[] = [];
    await tried({ DATABASE_URL: behind }, (waiting) => {
      if (waited.push(waiting) === 3) proxy.fault.refuse = false;
    });
    await proxy.stop();
    expect(waited).toHaveLength(3);
    expect(waited[2]).toMatchObject({ dependency: 'Postgres', final: false, since: waited[0]?.since });
  }, 60_000);

  it('are waited for while they take no writes, and refused when nobody may make schemas', async () => {
    const stop = new AbortController();
    const readOnly = withParts((url) =>
      url.searchParams.set('options', '-c default_transaction_read_only=on'),
    );
    const waiting = tryServers(
      namedServers(loadSettings({ DATABASE_URL: readOnly })),
      stop.signal,
      ([first]) => stop.abort(new Error(first?.why)),
    );
    await expect(waiting).rejects.toThrow('it takes no writes');
    const analyst = new URL(postgres.analystUrl);
    analyst.searchParams.set('options', '-c default_transaction_read_only=off');
    await expect(tried({ DATABASE_URL: analyst.href })).rejects.toThrow(
      'role docket_analyst may not create schemas',
    );
  });

  it('end the start with one sentence and exit code 1 when waiting cannot help', async () => {
    const missing = withParts((url) => (url.pathname = '/no_such_database'));
    const port = Number(new URL(postgres.url).port);
    const ran = await up({ DATABASE_URL: missing });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(
      `Docket: The Postgres that DATABASE_URL names (127.0.0.1:${port}/no_such_database) cannot be used: database "no_such_database" does not exist. Unset DATABASE_URL to use the embedded one.\n`,
    );
  }, 120_000);
});

describe('NODE_ENV from the environment', () => {
  it('is named as the reason when a session secret is asked for', async () => {
    const ran = await up({ NODE_ENV: 'production' });
    expect([ran.code, ran.stderr]).toEqual([
      1,
      expect.stringContaining(
        'SESSION_SECRET is required because NODE_ENV is production; set it, or unset NODE_ENV',
      ),
    ]);
  });
});
