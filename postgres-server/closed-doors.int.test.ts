import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { StartLog } from './start-log.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './start.ts';

let folder: string;
let directory: string;
let said: string[];
let running: EmbeddedPostgres[];
const log: StartLog = { debug: () => undefined, warn: (_details, sentence) => void said.push(sentence) };

const start = async (port?: number): Promise<EmbeddedPostgres> => {
  const server = await startEmbeddedPostgres({ directory, log, ...(port !== undefined && { port }) });
  running.push(server);
  return server;
};
const ask = async (connectionString: string, text: string): Promise<unknown[]> => {
  const client = new pg.Client({ connectionString });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
};
const withParts = (url: string, change: (parts: URL) => void): string => {
  const parts = new URL(url);
  change(parts);
  return parts.href;
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'docket-doors-'));
  directory = join(folder, 'pg');
  said = [];
  running = [];
});
afterEach(async () => {
  for (const server of running) await server.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('the doors of the embedded Postgres', () => {
  it.each([
    ['a socket', undefined],
    ['a port', 0],
  ])('are closed to everybody without a password, by %s', async (_way, port) => {
    const { url, analystUrl } = await start(port);
    for (const known of [url, analystUrl]) {
      const without = withParts(known, (parts) => (parts.password = ''));
      await expect(ask(without, 'select 1')).rejects.toThrow('password');
      const guessed = withParts(known, (parts) => (parts.password = 'docket'));
      await expect(ask(guessed, 'select 1')).rejects.toMatchObject({ code: '28P01' });
    }
    // The superuser and whoever else: no line of pg_hba.conf is theirs, and no password opens.
    for (const name of ['postgres', 'root', 'nobody']) {
      const other = withParts(url, (parts) => (parts.username = name));
      await expect(ask(other, 'select 1')).rejects.toMatchObject({ code: '28000' });
    }
  });

  it('lead to a role that owns its database and can read, write and run nothing outside it', async () => {
    const { url } = await start();
    expect(
      await ask(
        url,
        `select rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls from pg_roles where rolname = current_user`,
      ),
    ).toEqual([
      {
        rolsuper: false,
        rolcreatedb: false,
        rolcreaterole: false,
        rolreplication: false,
        rolbypassrls: false,
      },
    ]);
    expect(
      await ask(url, `select pg_get_userbyid(datdba) as owner from pg_database where datname = 'docket'`),
    ).toEqual([{ owner: 'docket' }]);
    for (const statement of [
      `copy (select 1) to program 'id'`,
      `create temp table x(t text); copy x from program 'id'`,
      `create temp table x(t text); copy x from '/etc/passwd'`,
      `select pg_read_file('/etc/passwd')`,
      `select pg_ls_dir('.')`,
      `select lo_import('/etc/passwd')`,
      `alter system set listen_addresses = '*'`,
      `select rolpassword from pg_authid`,
      `create role mine superuser`,
      `set role postgres`,
    ])
      await expect(ask(url, statement)).rejects.toMatchObject({ code: '42501' });
  });

  it('keep their passwords in a file of mode 0600, and over a restart', async () => {
    const first = await start();
    const file = join(directory, 'passwords.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const password = new URL(first.url).password;
    expect(password).toMatch(/^[\w-]{43}$/);
    expect(new URL(first.analystUrl).password).not.toBe(password);
    await first.stop();
    expect((await start()).url).toBe(first.url);
  });

  it('are shut again on a folder whose list of who may connect let everybody in', async () => {
    await (await start()).stop();
    await writeFile(
      join(directory, 'cluster', 'pg_hba.conf'),
      'local all all trust\nhost all all all trust\n',
    );
    const { url } = await start();
    await expect(
      ask(
        withParts(url, (parts) => (parts.password = '')),
        'select 1',
      ),
    ).rejects.toThrow('password');
  });

  it('replace files that let everybody in: these are set aside with one line, and new ones are made', async () => {
    const old = await start();
    await ask(old.url, 'create table old as select 1');
    await old.stop();
    // What an older Docket leaves: database files, and no passwords beside them.
    await rm(join(directory, 'passwords.json'));
    const { url } = await start();
    expect(said).toEqual([expect.stringMatching(/^Postgres asks for passwords from now on: .*set-aside-/)]);
    expect(await ask(url, `select to_regclass('old') as old`)).toEqual([{ old: null }]);
    const aside = (await readdir(directory)).find((name) => name.startsWith('set-aside-'));
    expect(await readFile(join(directory, aside!, 'cluster', 'PG_VERSION'), 'utf8')).toMatch(/^\d+\n$/);
  });

  it('stay shut, with a sentence that says what to do, when the passwords are not those of the files', async () => {
    await (await start()).stop();
    await writeFile(join(directory, 'passwords.json'), '{"docket":"another","analyst":"other"}');
    await expect(start()).rejects.toMatchObject({
      code: 'EMBEDDED_POSTGRES_FAILED',
      message: expect.stringMatching(/password authentication failed.*move .* away.*\.$/),
    });
  });
});
