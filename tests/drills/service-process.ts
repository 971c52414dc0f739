import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../cli/up/free-port.ts';
import { DrillFailed, within } from './claims.ts';
import { inPatience } from '../harness/machine-time.ts';
import { docketProgram } from './quick-start.ts';

const GATEWAY = join(import.meta.dirname, '..', '..', 'gateway', 'main.ts');
const LISTENING_MS_MAX = 60_000;
const READY_MS_MAX = 30_000;

/** Services of Docket in one real process, as `docket serve` runs them. */
export interface ServiceProcess {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  /** The address of `/health`, `/ready` and `/metrics`. */
  readonly health: string;
  pid(): number;
  /** Sends a signal and does not wait. */
  signal(signal: NodeJS.Signals): void;
  /** Resolves with the exit code or signal. */
  ended(): Promise<string>;
  isAlive(): boolean;
  /** Sends SIGKILL, and waits for the end. */
  kill(): Promise<void>;
  /** Sends SIGTERM, and waits for the end. Returns the time in ms. */
  terminate(): Promise<number>;
  /**
   * Starts the process again on the same port, with the same settings. Waits until it is ready, unless it may die
   * earlier.
   */
  restart(changes?: Record<string, string>, options?: { readonly unready: boolean }): Promise<void>;
  ready(): Promise<void>;
  rssBytes(): number;
  openFiles(): number;
  /** The last lines of its log. */
  lastWords(): string;
}

export interface ServiceOptions {
  readonly name: string;
  /** Names of services as for `docket serve`, or the gateway's own program. */
  readonly services: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logDir: string;
  /** Words before the command, such as `['prlimit', '--nofile=64']`. */
  readonly under?: readonly string[];
  /** True not to wait until the process is ready, because it may die earlier or never be ready. */
  readonly unready?: boolean;
}

export async function startServiceProcess(options: ServiceOptions): Promise<ServiceProcess> {
  const { name } = options;
  const port = await freePort();
  const healthPort = await freePort();
  // The gateway answers these addresses on the port of its callers.
  const health = `http://127.0.0.1:${options.services[0] === 'gateway' ? port : healthPort}`;
  const logFile = join(options.logDir, `${name}.log`);
  const lastWords = (): string => readFileSync(logFile, 'utf8').slice(-1_500);
  const settings = { PORT: String(port), HEALTH_CHECK_PORT: String(healthPort) };
  let child = launch(options, settings, logFile, {});
  let exit = exitOf(child);
  const isAlive = (): boolean => child.exitCode === null && child.signalCode === null;
  const ready = async (): Promise<void> => {
    await within(READY_MS_MAX, `${name} is ready`, async () => {
      if (!isAlive()) throw new Error(`it ended: ${lastWords()}`);
      const answer = await fetch(`${health}/ready`);
      if (!answer.ok) throw new Error(await answer.text());
      return true;
    });
  };
  const up = async (unready: boolean): Promise<void> => {
    await listening(child, name, unready, lastWords);
    if (!unready) await ready();
  };
  await up(options.unready ?? false);
  return {
    name,
    port,
    health,
    isAlive,
    ready,
    lastWords,
    url: `http://127.0.0.1:${port}`,
    pid: () => child.pid ?? 0,
    signal: (signal) => void child.kill(signal),
    ended: () => exit,
    kill: async () => {
      child.kill('SIGKILL');
      await exit;
    },
    terminate: async () => {
      const startedAt = performance.now();
      child.kill('SIGTERM');
      await exit;
      return performance.now() - startedAt;
    },
    restart: async (changes = {}, { unready } = { unready: false }) => {
      await exit;
      child = launch(options, settings, logFile, changes);
      exit = exitOf(child);
      await up(unready);
    },
    rssBytes: () => rssOf(child.pid ?? 0),
    openFiles: () => readdirSync(`/proc/${child.pid ?? 0}/fd`).length,
  };
}

function launch(
  { services, env, under = [] }: ServiceOptions,
  settings: Record<string, string>,
  logFile: string,
  changes: Record<string, string>,
): ChildProcess {
  const log = openSync(logFile, 'a');
  const command = [...under, process.execPath, ...programOf(services)];
  const child = spawn(command[0]!, command.slice(1), {
    stdio: ['ignore', 'pipe', log, 'ipc'],
    env: { ...inherited(), ...env, ...settings, HOST: '127.0.0.1', EXIT_WITH_PARENT: '1', ...changes },
  });
  closeSync(log);
  return child;
}

/** Of this process's environment, what the machine needs, and the transport that a run tries; settings are the drill's own. */
function inherited(): NodeJS.ProcessEnv {
  const names = ['PATH', 'HOME', 'TMPDIR', 'NODE_COMPILE_CACHE', 'EVENTSTORE_TRANSPORT'];
  return Object.fromEntries(
    names.flatMap((name) => (name in process.env ? [[name, process.env[name]]] : [])),
  );
}

function programOf(services: readonly string[]): string[] {
  if (services[0] !== 'gateway') return [...docketProgram(), 'serve', ...services];
  return [GATEWAY];
}

function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) =>
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code ?? 'unknown'}`)),
  );
}

async function listening(
  child: ChildProcess,
  name: string,
  unready: boolean,
  lastWords: () => string,
): Promise<void> {
  const lines = createInterface({ input: child.stdout! });
  const up = new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      if (/^\{"(ready|listening)":true/.test(line)) resolve();
    });
    child.once('exit', (code, signal) =>
      unready
        ? resolve()
        : reject(new DrillFailed(`${name} ended (${signal ?? code ?? ''}) at once: ${lastWords()}`)),
    );
  });
  await inPatience(up, LISTENING_MS_MAX, () => new DrillFailed(`${name} did not listen in time`));
}

/** Resident memory of a process by its id, in bytes (proc(5), `statm`). */
export function rssOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4_096;
}

/** Sockets among the open files of a process. */
export function socketsOf(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((name) => {
    try {
      return readlinkSync(join(folder, name)).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;
}
