import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { serverAccount } from './account.ts';
import { postgresBinaries } from './binaries.ts';
import { clearLeftovers, removeUnfinished, signal } from './leftovers.ts';
import { DATABASE, ensureCluster, ROLE } from './cluster.ts';
import { EmbeddedPostgresFailed, folderFailure, outputFailure } from './failure.ts';
import { freePort, LOOPBACK, rememberedPort, rememberPort } from './port.ts';
import type { StartLog } from './start-log.ts';
import { spawnServer, type PostgresServer, type ServerExit } from './server.ts';

/** A shut-down in order that takes longer is made harder, step by step. */
const STOP_PATIENCE_MS = 4_000;
/** The harder steps need no more. */
const HARD_STOP_PATIENCE_MS = 1_000;
/** Longest wait for the first connection to a server that says it is ready. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Starts tried when the port was taken between the look and the start, or shared memory is not free yet. */
const START_TRIES_MAX = 5;
const START_AGAIN_MS = 500;

export interface EmbeddedPostgresOptions {
  /** Everything of the server lies here; the caller holds the lock of the folder around it. */
  readonly directory: string;
  /** 0 (the default): the port of the last run if it is free, otherwise any. */
  readonly port?: number;
  readonly log: StartLog;
  /** Aborts the start; nothing of it runs when it then rejects. */
  readonly stop?: AbortSignal;
}

export interface EmbeddedPostgres {
  readonly url: string;
  readonly pid: number;
  /** When and how the server ended, for the supervisor. */
  readonly exited: Promise<ServerExit>;
  /**
   * Ends every connection and shuts down in order; repeated calls are the same stop.
   * @param patienceMs how long that may take before it is made harder
   */
  stop(patienceMs?: number): Promise<void>;
  /** Has the server leave without a checkpoint, and does not wait: the next start recovers from its log. */
  readonly endAtOnce: () => void;
}

/**
 * Starts the Postgres of this machine in `directory` and waits until it takes connections. Whatever an earlier run
 * left there is stopped and removed first. A start that fails or is aborted leaves nothing running. Works as root (the
 * server then runs as an unprivileged user) and as an ordinary user.
 *
 * @throws EmbeddedPostgresFailed with one sentence: no rights, disk full, damaged files, port taken
 * @throws the reason of `stop` when that is aborted
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const directory = resolve(options.directory);
  try {
    await mkdir(directory, { recursive: true });
    const { server, port } = await startServer(options, directory);
    options.log.debug({ pid: server.pid, port }, 'embedded Postgres is ready');
    let stopping: Promise<void> | undefined;
    return {
      url: `postgres://${ROLE}@${LOOPBACK}:${port}/${DATABASE}`,
      pid: server.pid,
      exited: server.exited,
      stop: (patienceMs = STOP_PATIENCE_MS) => (stopping ??= stop(server, patienceMs)),
      endAtOnce: () => void signal(server.pid, 'SIGQUIT'),
    };
  } catch (error) {
    options.stop?.throwIfAborted();
    throw error instanceof EmbeddedPostgresFailed ? error : folderFailure(directory, error);
  }
}

interface StartedServer {
  readonly server: PostgresServer;
  readonly port: number;
}

async function startServer(options: EmbeddedPostgresOptions, directory: string): Promise<StartedServer> {
  const { log, stop: stopAsked } = options;
  const account = serverAccount();
  await removeUnfinished(directory, log);
  const binaries = await postgresBinaries(directory, account);
  stopAsked?.throwIfAborted();
  const cluster = await ensureCluster({
    directory,
    binaries,
    account,
    ...(stopAsked && { stop: stopAsked }),
  });
  await clearLeftovers(cluster, log);
  const started = await startOnFreePort(options, directory, (chosen) =>
    spawnServer(directory, cluster, chosen, binaries, account),
  );
  try {
    stopAsked?.throwIfAborted();
    await rememberPort(directory, started.port);
    await ensureDatabase(started.port);
    stopAsked?.throwIfAborted();
    return started;
  } catch (error) {
    await stop(started.server, HARD_STOP_PATIENCE_MS);
    throw error;
  }
}

async function startOnFreePort(
  options: EmbeddedPostgresOptions,
  directory: string,
  spawnOn: (port: number) => Promise<PostgresServer>,
): Promise<StartedServer> {
  const fixed = options.port ?? 0;
  for (let tries = 1; ; tries += 1) {
    options.stop?.throwIfAborted();
    const port = fixed > 0 ? await freePort(fixed) : await anyPort(directory);
    if (port === null) throw new EmbeddedPostgresFailed(`Postgres cannot start: port ${fixed} is taken.`);
    const server = await spawnOn(port);
    if (await server.ready(options.stop)) return { server, port };
    await stop(server, 0);
    options.stop?.throwIfAborted();
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

/**
 * `create database` has no `if not exists`; looking first is enough, since the caller is alone here.
 * @throws EmbeddedPostgresFailed
 */
async function ensureDatabase(port: number): Promise<void> {
  const client = new pg.Client({
    ...{ host: LOOPBACK, port, user: ROLE, database: 'postgres' },
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: CONNECT_TIMEOUT_MS,
  });
  // A server that ends just now is reported by the query, and a second time here.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new EmbeddedPostgresFailed(`Postgres started and cannot be used: ${why}.`, { cause: error });
  } finally {
    await client.end();
  }
}

/** SIGINT is Postgres' fast shutdown, SIGQUIT its immediate one (PostgreSQL documentation, section 18.5). */
async function stop(server: PostgresServer, patienceMs: number): Promise<void> {
  const steps = [
    ...(patienceMs > 0 ? ([['SIGINT', patienceMs]] as const) : []),
    ['SIGQUIT', HARD_STOP_PATIENCE_MS] as const,
    ['SIGKILL', HARD_STOP_PATIENCE_MS] as const,
  ];
  for (const [name, stepMs] of steps) {
    if (!signal(server.pid, name)) break;
    const patience = new AbortController();
    const ended = await Promise.race([
      server.exited.then(() => true),
      sleep(stepMs, false, { signal: patience.signal }).catch(() => false),
    ]);
    patience.abort();
    if (ended) return;
  }
  await server.exited;
}
