import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Log } from '../../runtime/log.ts';
import { serverAccount } from './account.ts';
import { postgresBinaries } from './binaries.ts';
import { clearLeftovers, signal } from './leftovers.ts';
import { DATABASE, ensureCluster, ROLE } from './cluster.ts';
import { EmbeddedPostgresFailed, folderFailure, outputFailure } from './failure.ts';
import { freePort, LOOPBACK, rememberedPort, rememberPort } from './port.ts';
import { spawnServer, type PostgresServer, type ServerExit } from './server.ts';

/** A shut-down that takes longer is made harder, step by step. */
const STOP_PATIENCE_MS = 4_000;
/** Starts tried when the port was taken between the look and the start, or shared memory is not free yet. */
const START_TRIES_MAX = 5;
const START_AGAIN_MS = 500;

export interface EmbeddedPostgresOptions {
  /** Everything of the server lies here; the caller holds the lock of the folder around it. */
  readonly directory: string;
  /** 0 (the default): the port of the last run if it is free, otherwise any. */
  readonly port?: number;
  readonly log: Log;
}

export interface EmbeddedPostgres {
  readonly url: string;
  readonly pid: number;
  /** When and how the server ended, for the supervisor. */
  readonly exited: Promise<ServerExit>;
  /** Ends every connection and shuts down in order; repeated calls are the same stop. */
  stop(): Promise<void>;
}

/**
 * Starts the Postgres of this machine in `directory` and waits until it takes connections. Whatever an earlier run
 * left there is stopped first. Works as root (the server then runs as an unprivileged user) and as an ordinary user.
 *
 * @throws EmbeddedPostgresFailed with one sentence: no rights, disk full, damaged files, port taken
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const directory = resolve(options.directory);
  try {
    await mkdir(directory, { recursive: true });
    const account = serverAccount();
    const binaries = await postgresBinaries(directory, account);
    const cluster = await ensureCluster(directory, binaries, account);
    await clearLeftovers(cluster, options.log);
    const { server, port } = await startOnFreePort(options, directory, (chosen) =>
      spawnServer(directory, cluster, chosen, binaries, account),
    );
    await rememberPort(directory, port);
    const url = `postgres://${ROLE}@${LOOPBACK}:${port}/${DATABASE}`;
    await ensureDatabase(port);
    options.log.debug({ pid: server.pid, port }, 'embedded Postgres is ready');
    let stopping: Promise<void> | undefined;
    return { url, pid: server.pid, exited: server.exited, stop: () => (stopping ??= stop(server)) };
  } catch (error) {
    throw error instanceof EmbeddedPostgresFailed ? error : folderFailure(directory, error);
  }
}

async function startOnFreePort(
  options: EmbeddedPostgresOptions,
  directory: string,
  spawnOn: (port: number) => Promise<PostgresServer>,
): Promise<{ server: PostgresServer; port: number }> {
  const fixed = options.port ?? 0;
  for (let tries = 1; ; tries += 1) {
    const port = fixed > 0 ? await freePort(fixed) : await anyPort(directory);
    if (port === null) throw new EmbeddedPostgresFailed(`Postgres cannot start: port ${fixed} is taken.`);
    const server = await spawnOn(port);
    if (await server.ready()) return { server, port };
    signal(server.pid, 'SIGQUIT');
    const { code } = await server.exited;
    const output = await server.output();
    const passing =
      /Address already in use|pre-existing shared memory block|lock file .* already exists/.test(output);
    if (!passing || tries >= START_TRIES_MAX) throw outputFailure(directory, output, code);
    await sleep(START_AGAIN_MS);
  }
}

async function anyPort(directory: string): Promise<number | null> {
  const remembered = await rememberedPort(directory);
  return (remembered > 0 ? await freePort(remembered) : null) ?? (await freePort(0));
}

/** `create database` has no `if not exists`; looking first is enough, since the caller is alone here. */
async function ensureDatabase(port: number): Promise<void> {
  const client = new pg.Client({ host: LOOPBACK, port, user: ROLE, database: 'postgres' });
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}

/** SIGINT is Postgres' fast shutdown, SIGQUIT its immediate one (PostgreSQL documentation, section 18.5). */
async function stop(server: PostgresServer): Promise<void> {
  for (const name of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (!signal(server.pid, name)) break;
    const patience = new AbortController();
    const ended = await Promise.race([
      server.exited.then(() => true),
      sleep(STOP_PATIENCE_MS, false, { signal: patience.signal }).catch(() => false),
    ]);
    patience.abort();
    if (ended) return;
  }
  await server.exited;
}
