import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { loadSettings } from '../../runtime/settings.ts';
import { startTestEventStore, type TestEventStore } from '../../tests/harness/event-store.ts';
import { startTestPostgres, type TestPostgres } from '../../tests/harness/postgres.ts';
import { runDocket } from '../../tests/harness/run-docket.ts';
import { linesOnEnvironment, namedServers, tryServers } from './named-servers.ts';

let postgres: TestPostgres;
let eventStore: TestEventStore;
let folder: string;
beforeAll(async () => {
  [postgres, eventStore] = await Promise.all([startTestPostgres(), startTestEventStore()]);
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
const tried = (environment: Record<string, string>): Promise<void> =>
  tryServers(namedServers(loadSettings(environment)), new AbortController().signal);
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

  it('end the start when nobody answers, and everything that was started ends with it', async () => {
    const ran = await up({ DATABASE_URL: 'postgres://shop:secret@127.0.0.1:1/shop' });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('Docket: Postgres: DATABASE_URL, 127.0.0.1:1/shop\n');
    expect(ran.stderr).toMatch(
      /^Docket: The Postgres that DATABASE_URL names \(127\.0\.0\.1:1\/shop\) cannot be used: .*ECONNREFUSED.*\. Unset DATABASE_URL for the one that Docket brings itself\.$/m,
    );
    expect(ran.stderr).not.toContain('secret');
  }, 120_000);

  it('are refused when they take no writes or let nobody make schemas', async () => {
    const readOnly = withParts((url) =>
      url.searchParams.set('options', '-c default_transaction_read_only=on'),
    );
    await expect(tried({ DATABASE_URL: readOnly })).rejects.toThrow('it takes no writes');
    const admin = new pg.Client({ connectionString: postgres.url });
    await admin.connect();
    // The server's list of who may connect knows two names; the second has few rights.
    await admin.query('create role docket_analyst login');
    await admin.end();
    const analyst = withParts((url) => (url.username = 'docket_analyst'));
    await expect(tried({ DATABASE_URL: analyst })).rejects.toThrow('its user may not create schemas');
    const missing = withParts((url) => (url.pathname = '/no_such_database'));
    await expect(tried({ DATABASE_URL: missing })).rejects.toThrow('"no_such_database" does not exist');
  });
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
