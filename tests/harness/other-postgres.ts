import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from '../../cli/up/free-port.ts';
import { SERVER_ENVIRONMENT, serverAccount } from '../../postgres-server/account.ts';
import { postgresBinaries } from '../../postgres-server/binaries.ts';
import { runProgram } from '../../postgres-server/run-program.ts';

const SUPERUSER = 'admin';
const INIT_MS_MAX = 120_000;
const READY_MS_MAX = 60_000;
const LOOK_AGAIN_MS = 50;

/**
 * A Postgres as another operator runs it: on a port, with a database, and with a role that may only create schemas in
 * it.
 */
export interface OtherPostgres {
  readonly port: number;
  /** Connection string of the plain role. */
  readonly url: string;
  /** Runs a statement as the superuser, in the database of the plain role. */
  asSuperuser<Row extends object>(sql: string): Promise<Row[]>;
  /** Starts the server again as a standby, which takes no writes until it is promoted. */
  restartAsStandby(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * @param options.bin the folder of `initdb` and `postgres`; by default the embedded ones
 * @param options.tls files (PEM) of the server's certificate; with them, the server takes only connections with TLS
 */
export async function startOtherPostgres(
  options: { bin?: string; tls?: { certificate: string; key: string } } = {},
): Promise<OtherPostgres> {
  const account = serverAccount();
  const folder = await mkdtemp(join(tmpdir(), 'docket-other-postgres-'));
  const own = async (path: string): Promise<void> => {
    if (account.uid !== undefined) await chown(path, account.uid, account.gid!);
  };
  await own(folder);
  const { bin } = options;
  const programs = bin
    ? { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') }
    : await postgresBinaries(folder, account);
  const data = join(folder, 'data');
  const made = await runProgram(
    programs.initdb,
    ['-D', data, '-U', SUPERUSER, '--auth=trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { account, cwd: folder, timeoutMs: INIT_MS_MAX },
  );
  if (made.code !== 0) throw new Error(`initdb ended with ${String(made.code)}: ${made.errors}`);
  const tls: string[] = [];
  if (options.tls) {
    for (const [name, path] of Object.entries(options.tls)) {
      await copyFile(path, join(data, name));
      await chmod(join(data, name), 0o600);
      await own(join(data, name));
    }
    await writeFile(
      join(data, 'pg_hba.conf'),
      'hostssl all all 127.0.0.1/32 trust\nhostssl all all ::1/128 trust\n',
    );
    tls.push('ssl=on', 'ssl_cert_file=certificate', 'ssl_key_file=key');
  }
  const port = await freePort();
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${folder}`,
    'fsync=off',
    ...tls,
  ];
  const admin = `postgres://${SUPERUSER}@127.0.0.1:${port}`;
  const ask = async <Row extends object>(sql: string, database = 'docket'): Promise<Row[]> => {
    // The test of certificates connects as the plain role.
    const ssl = options.tls ? { rejectUnauthorized: false } : false;
    const client = new pg.Client({ connectionString: `${admin}/${database}`, ssl });
    // A server that stops ends the connection.
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query<Row>(sql)).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  };
  const start = async (): Promise<ChildProcess> => {
    const child = spawn(programs.postgres, ['-D', data, ...settings.flatMap((setting) => ['-c', setting])], {
      ...account,
      cwd: folder,
      env: SERVER_ENVIRONMENT,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4_000)));
    for (const end = performance.now() + READY_MS_MAX; ;) {
      const failure = await ask('select 1', 'postgres').then(
        () => null,
        (error: unknown) => String(error),
      );
      if (failure === null) return child;
      if (child.exitCode !== null || performance.now() > end)
        throw new Error(`Postgres does not start: ${failure}\n${said}`);
      await sleep(LOOK_AGAIN_MS);
    }
  };
  const end = async (child: ChildProcess): Promise<void> => {
    const ended = once(child, 'exit');
    // The fast stop of Postgres, which ends connections.
    child.kill('SIGINT');
    await ended;
  };
  let server = await start();
  await ask('create role docket login nosuperuser nocreatedb nocreaterole', 'postgres');
  await ask('create database docket', 'postgres');
  await ask('grant create on database docket to docket', 'postgres');
  return {
    port,
    url: `postgres://docket@127.0.0.1:${port}/docket`,
    asSuperuser: (sql) => ask(sql),
    restartAsStandby: async () => {
      await end(server);
      await writeFile(join(data, 'standby.signal'), '');
      server = await start();
    },
    stop: async () => {
      await end(server);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
