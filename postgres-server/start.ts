import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { retry } from '../runtime/retry.ts';
import { codeOf } from '../schemas/errors/coded-error.ts';
import { serverAccount } from './account.ts';
import { postgresBinaries } from './binaries.ts';
import { clearLeftovers, removeUnfinished, signal } from './leftovers.ts';
import { CLUSTER, ensureCluster } from './cluster.ts';
import { EmbeddedPostgresFailed, folderFailure, outputFailure } from './failure.ts';
import type { Passwords } from './passwords.ts';
import { connectionStrings, takesSocket, type Place } from './place-of-connections.ts';
import { freePort, rememberedPort, rememberPort } from './port.ts';
import { ensurePasswords } from './set-aside.ts';
import type { StartLog } from './start-log.ts';
import { spawnServer, type PostgresServer, type ServerExit } from './server.ts';

/** Longest wait for a shutdown in order. Stronger signals follow step by step. */
const STOP_MS_MAX = 4_000;
/** Longest wait after each stronger signal. */
const HARD_STOP_MS_MAX = 1_000;
/** Longest wait for the first connection to a server that reports that it is ready. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Most tries of a start when the port was taken after the check, or when shared memory is not free yet. */
const START_TRIES_MAX = 6;
const START_BACKOFF = { firstMs: 500, maxMs: 1_000 };
/** Messages of Postgres after which another start may succeed. */
const STARTS_LATER = /Address already in use|pre-existing shared memory block|lock file .* already exists/;

export interface EmbeddedPostgresOptions {
  /** The folder of all files of the server. The caller holds the lock of the data folder that contains this folder. */
  readonly directory: string;
  /**
   * A port of loopback. 0 means the port of the last run if it is free, otherwise any port. Without a value, the
   * server gets a socket in the folder of the database files and no port, unless the path of the socket is too long.
   */
  readonly port?: number;
  readonly log: StartLog;
  /** Aborts the start. When the promise then rejects, every process of the start has ended. */
  readonly stop?: AbortSignal;
}

export interface EmbeddedPostgres {
  /** Connection string of the role that owns the database, with its password. */
  readonly url: string;
  /** Connection string of the analysts' role, with its password. */
  readonly analystUrl: string;
  /** The port of the server; null when it has a socket. */
  readonly port: number | null;
  readonly pid: number;
  /** Resolves when the server has ended, for the supervisor. */
  readonly exited: Promise<ServerExit>;
  /**
   * Ends every connection and shuts the server down in order. Further calls wait for the same end.
   * @param waitMs time before a stronger signal follows
   */
  stop(waitMs?: number): Promise<void>;
  /** Ends the server without a checkpoint and without waiting. The next start recovers from its log. */
  readonly endAtOnce: () => void;
}

/**
 * Starts the Postgres of this machine in `directory` and waits until it accepts connections. First it stops programs
 * and removes files that an earlier run left there. A start that fails or is aborted leaves nothing running. It works
 * as root, where the server runs as an unprivileged user, and as an ordinary user.
 *
 * @throws EmbeddedPostgresFailed with one sentence: no rights, disk full, damaged files, port taken
 * @throws the reason of `stop` when that is aborted
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const directory = resolve(options.directory);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const { server, place, passwords } = await startServer(options, directory);
    options.log.debug({ pid: server.pid, place }, 'embedded Postgres is ready');
    let stopping: Promise<void> | undefined;
    return {
      ...connectionStrings(place, passwords),
      port: 'port' in place ? place.port : null,
      pid: server.pid,
      exited: server.exited,
      stop: (waitMs = STOP_MS_MAX) => (stopping ??= stop(server, waitMs)),
      endAtOnce: () => void signal(server.pid, 'SIGQUIT'),
    };
  } catch (error) {
    options.stop?.throwIfAborted();
    throw error instanceof EmbeddedPostgresFailed ? error : folderFailure(directory, error);
  }
}

interface StartedServer {
  readonly server: PostgresServer;
  readonly place: Place;
}

async function startServer(
  options: EmbeddedPostgresOptions,
  directory: string,
): Promise<StartedServer & { readonly passwords: Passwords }> {
  const { log, stop: stopAsked } = options;
  const account = serverAccount();
  await removeUnfinished(directory, log);
  const binaries = await postgresBinaries(directory, account);
  stopAsked?.throwIfAborted();
  const passwords = await ensurePasswords(directory, account, log);
  const cluster = await ensureCluster({
    directory,
    binaries,
    account,
    passwords,
    ...(stopAsked && { stop: stopAsked }),
  });
  await clearLeftovers(cluster, log);
  const started = await startWhereFree(options, directory, (place) =>
    spawnServer({ directory, cluster }, place, binaries, account),
  );
  try {
    stopAsked?.throwIfAborted();
    if ('port' in started.place) await rememberPort(directory, started.place.port);
    await tryConnection(connectionStrings(started.place, passwords).url, directory);
    stopAsked?.throwIfAborted();
    return { ...started, passwords };
  } catch (error) {
    await stop(started.server, HARD_STOP_MS_MAX);
    throw error;
  }
}

async function startWhereFree(
  options: EmbeddedPostgresOptions,
  directory: string,
  spawnAt: (place: Place) => Promise<PostgresServer>,
): Promise<StartedServer> {
  let isPassing = false;
  const startOnce = async (): Promise<StartedServer> => {
    isPassing = false;
    options.stop?.throwIfAborted();
    const place = await freePlace(directory, options.port);
    const server = await spawnAt(place);
    if (await server.ready(options.stop)) return { server, place };
    await stop(server, 0);
    options.stop?.throwIfAborted();
    const { code } = await server.exited;
    const output = await server.output();
    isPassing = STARTS_LATER.test(output);
    throw outputFailure(directory, output, code);
  };
  return retry(startOnce, {
    backoff: START_BACKOFF,
    triesMax: START_TRIES_MAX,
    isPassing: () => isPassing,
    signal: options.stop,
  });
}

async function freePlace(directory: string, wanted: number | undefined): Promise<Place> {
  const socketFolder = join(directory, CLUSTER);
  if (wanted === undefined && takesSocket(socketFolder)) return { socketFolder };
  const port = wanted !== undefined && wanted > 0 ? await freePort(wanted) : await anyPort(directory);
  if (port === null) throw new EmbeddedPostgresFailed(`Postgres cannot start: port ${wanted ?? 0} is taken.`);
  return { port };
}

async function anyPort(directory: string): Promise<number | null> {
  const remembered = await rememberedPort(directory);
  return (remembered > 0 ? await freePort(remembered) : null) ?? (await freePort(0));
}

/**
 * Opens one connection, as the services will.
 * @throws EmbeddedPostgresFailed
 */
async function tryConnection(url: string, directory: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  // When a server ends at this moment, the connection has already reported it, so a second report is dropped.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    // SQLSTATE class 28: the passwords beside the files differ from the passwords in the database.
    const isRefused = /^28/.test(codeOf(error) ?? '');
    const remedy = isRefused
      ? `; move ${directory} away and the read tables are built again from the log`
      : '';
    throw new EmbeddedPostgresFailed(`Postgres started and cannot be used: ${why}${remedy}.`, {
      cause: error,
    });
  } finally {
    await client.end();
  }
}

/** SIGINT is Postgres' fast shutdown, SIGQUIT its immediate one (PostgreSQL documentation, section 18.5). */
async function stop(server: PostgresServer, waitMs: number): Promise<void> {
  const steps = [
    ...(waitMs > 0 ? ([['SIGINT', waitMs]] as const) : []),
    ['SIGQUIT', HARD_STOP_MS_MAX] as const,
    ['SIGKILL', HARD_STOP_MS_MAX] as const,
  ];
  for (const [name, stepMs] of steps) {
    if (!signal(server.pid, name)) break;
    const waiting = new AbortController();
    const notYet = (): boolean => false;
    const ended = await Promise.race([
      server.exited.then(() => true),
      sleep(stepMs, undefined, { signal: waiting.signal }).then(notYet, notYet),
    ]);
    waiting.abort();
    if (ended) return;
  }
  await server.exited;
}
