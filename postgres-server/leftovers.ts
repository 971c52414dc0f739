import { execFile } from 'node:child_process';
import { readdir, readFile, readlink, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { nullIfMissing } from '../schemas/errors/coded-error.ts';
import { CLUSTER, UNFINISHED } from './cluster.ts';
import { EmbeddedPostgresFailed } from './failure.ts';
import { SOCKET_FILE } from './place-of-connections.ts';
import type { StartLog } from './start-log.ts';

/** Time for each step before the next, stronger step. */
const STEP_MS_MAX = 5_000;
const LOOK_AGAIN_MS = 20;
/** Most bytes that `ps` may print. A list of all programs needs far fewer. */
const PS_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Ends what an earlier server left in the cluster folder. Shuts down a postmaster whose parent was killed. Waits for
 * backends without a postmaster. They end by themselves, and hold the shared memory until then. Removes the pid file
 * and the socket of a dead postmaster. The caller holds the lock of the data folder.
 *
 * @throws EmbeddedPostgresFailed when a program survives even SIGKILL
 */
export async function clearLeftovers(cluster: string, log: StartLog): Promise<void> {
  const pidFile = join(cluster, 'postmaster.pid');
  const postmaster = await postmasterPid(pidFile);
  if (postmaster === null) return;
  const found = await programsIn(cluster);
  if (found.length > 0)
    log.warn({ postmaster, found }, 'stopping the Postgres that an earlier run left behind');
  if (found.includes(postmaster)) signal(postmaster, 'SIGINT');
  for (const harder of ['SIGQUIT', 'SIGKILL'] as const) {
    if (await gone(cluster)) break;
    for (const pid of await programsIn(cluster)) signal(pid, harder);
  }
  if (!(await gone(cluster)))
    throw new EmbeddedPostgresFailed(`An earlier Postgres still runs in ${cluster} and cannot be stopped.`);

  // The socket is removed first. Its lock file also names the pid, which may belong to another program by now.
  for (const file of [join(cluster, SOCKET_FILE), join(cluster, `${SOCKET_FILE}.lock`), pidFile])
    await rm(file, { force: true });
}

/**
 * Removes the database files that a killed start left unfinished, and ends the programs that still write them. The
 * caller holds the lock of the data folder.
 */
export async function removeUnfinished(directory: string, log: StartLog): Promise<void> {
  const names = (await readdir(directory)).filter((name) => name.startsWith(UNFINISHED));
  for (const name of names) {
    const unfinished = join(directory, name);
    log.warn({ unfinished }, `removing ${name}, which a start that was killed left behind`);
    for (const pid of await programsIn(join(unfinished, CLUSTER))) signal(pid, 'SIGKILL');
    await rm(unfinished, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The pid in the first line of `postmaster.pid`, or null when there is no such file. */
async function postmasterPid(pidFile: string): Promise<number | null> {
  const text = await readFile(pidFile, 'utf8').catch(nullIfMissing);
  return text === null ? null : Number.parseInt(text, 10);
}

/**
 * Pids of the programs whose working folder is the cluster folder: a server and its backends. The pid file is not
 * enough, because another program may have the same pid by now.
 */
async function programsIn(cluster: string): Promise<number[]> {
  const place = await realpath(cluster).catch(nullIfMissing);
  if (place === null) return [];
  if (process.platform !== 'linux') return programsByPs(place);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const places = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => null)));
  return pids.filter((pid, index) => places[index] === place && pid !== process.pid);
}

/**
 * Finds the same programs by `ps`, where there is no `/proc`. The server names the folder on its command line, and
 * its backends are its children. This does not find a backend whose server was killed. Such a backend ends by itself.
 * A start that comes before its end is repeated.
 */
export async function programsByPs(place: string): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-axww', '-o', 'pid=,ppid=,command='], {
    timeout: STEP_MS_MAX,
    maxBuffer: PS_BYTES_MAX,
  });
  const seen = stdout.split('\n').map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line));
  const servers = seen.flatMap((each) => (each?.[3]?.includes(` -D ${place} `) ? [each[1]!] : []));
  const backends = seen.flatMap((each) => (each && servers.includes(each[2]!) ? [each[1]!] : []));
  return [...servers, ...backends].map(Number).filter((pid) => pid !== process.pid);
}

async function gone(cluster: string): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < STEP_MS_MAX; waitedMs += LOOK_AGAIN_MS) {
    if ((await programsIn(cluster)).length === 0) return true;
    await sleep(LOOK_AGAIN_MS);
  }
  return false;
}

/**
 * Sends a signal.
 * @returns false when the program no longer exists
 */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
