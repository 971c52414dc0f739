import { spawn, type ChildProcess } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SERVER_ENVIRONMENT, type ServerAccount } from './account.ts';
import type { PostgresBinaries } from './binaries.ts';
import { clusterArgument } from './cluster-argument.ts';
import { listenSettings, type Place } from './place-of-connections.ts';

/** Longest wait for a start. It is enough for recovery after a crash, which replays at most 1 GB of write-ahead log. */
const READY_TIMEOUT_MS = 60_000;
const LOOK_AGAIN_MS = 10;
/** A start that finds a larger server log begins a new one. */
const LOG_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Settings for one server on one machine: no replication, no connection reserved for a superuser, and durable commits
 * (the default). The background writer and the WAL writer wake a fifth as often as by default, and each background round
 * may write five times as much (ADR 0210). Every commit of Docket waits for the disk itself. A checkpoint comes every 30
 * minutes instead of 5; recovery after a crash is bounded by `max_wal_size`, not by this time.
 */
const CONFIGURATION: Readonly<Record<string, string>> = {
  max_connections: '100',
  superuser_reserved_connections: '0',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '1GB',
  checkpoint_timeout: '30min',
  wal_writer_delay: '1s',
  shared_buffers: '128MB',
  bgwriter_delay: '1s',
  bgwriter_lru_maxpages: '500',
  io_method: 'sync',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_min_messages: 'warning',
  idle_in_transaction_session_timeout: '60s',
  cluster_name: 'docket',
};

export interface ServerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Starts `postgres` in its own session. Ctrl-C at the terminal then reaches only Docket, which stops the server in
 * order.
 */
export async function spawnServer(
  files: { readonly directory: string; readonly cluster: string },
  place: Place,
  binaries: PostgresBinaries,
  account: ServerAccount,
) {
  const { directory, cluster } = files;
  const logFile = join(directory, 'postgres.log');
  const written = await open(logFile, 'a', 0o600);
  try {
    if ((await written.stat()).size > LOG_BYTES_MAX) await written.truncate(0);
    const { size: logStart } = await written.stat();
    const settings = Object.entries({ ...CONFIGURATION, ...listenSettings(place) });
    const child = spawn(
      binaries.postgres,
      [
        '-D',
        clusterArgument(cluster, account),
        ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      {
        ...account,
        cwd: cluster,
        env: SERVER_ENVIRONMENT,
        detached: true,
        stdio: ['ignore', written.fd, written.fd],
      },
    );
    const exited = exitOf(child);
    const pid = await pidOf(child);
    return {
      pid,
      exited,
      /** Resolves with true when the server accepts connections, with false when it has ended or `stop` is aborted. */
      ready: (stop?: AbortSignal) => readyAt(cluster, pid, { exited, ...(stop && { stop }) }),
      /** The server's messages since this start. */
      output: async () => (await readFile(logFile)).subarray(logStart).toString('utf8'),
    };
  } finally {
    await written.close();
  }
}
export type PostgresServer = Awaited<ReturnType<typeof spawnServer>>;

function pidOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => resolve(child.pid as number));
  });
}

function exitOf(child: ChildProcess): Promise<ServerExit> {
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
}

/** The eighth line of `postmaster.pid` states the condition of the server (PostgreSQL, miscadmin.h). */
async function readyAt(
  cluster: string,
  pid: number,
  ends: { readonly exited: Promise<ServerExit>; readonly stop?: AbortSignal },
): Promise<boolean> {
  let hasEnded = false;
  void ends.exited.then(() => (hasEnded = true));
  for (let waitedMs = 0; waitedMs < READY_TIMEOUT_MS; waitedMs += LOOK_AGAIN_MS) {
    if (hasEnded || ends.stop?.aborted) return false;
    const lines = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return '';
        throw error;
      },
    );
    const [writer, , , , , , , state] = lines.split('\n');
    if (Number(writer) === pid && state?.trim() === 'ready') return true;
    await sleep(LOOK_AGAIN_MS);
  }
  return false;
}
