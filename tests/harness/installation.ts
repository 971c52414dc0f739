import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../cli/up/free-port.ts';
import { stretched } from './machine-time.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const READY_MS_MAX = 60_000;
const STOP_MS_MAX = 10_000;

/** The whole of Docket as `npm start` runs it, on a free port and in its own folder. */
export interface Installation {
  readonly url: string;
  readonly dataDir: string;
  /** Process id of the supervisor. */
  readonly pid: number;
  /** The address of `/health`, `/ready` and `/metrics`. */
  healthUrl(): Promise<string>;
  /** Process ids of the running parts, by name. */
  parts(): Promise<Record<string, number>>;
  /** Sends SIGTERM and returns the exit code. The folder stays for the next start. */
  halt(signal?: NodeJS.Signals): Promise<number | null>;
  /** Ends the installation and removes the folder. */
  stop(): Promise<void>;
}

/** Starts the installation. The same `dataDir` continues an earlier installation. */
export async function startInstallation(
  options: {
    dataDir?: string;
    port?: number;
    env?: Record<string, string>;
    readyMsMax?: number;
    /**
     * The installation gets its own process group, as from a shell. So the test's handling of hangups is not passed
     * on.
     */
    isOwnJob?: boolean;
  } = {},
): Promise<Installation> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'docket-installation-')));
  const port = options.port ?? (await freePort());
  const child = spawn(process.execPath, [join(ROOT, 'cli', 'docket.ts'), 'up'], {
    cwd: ROOT,
    detached: options.isOwnJob ?? false,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      _: '',
      NODE_OPTIONS: '',
      LOG_LEVEL: 'info',
      PORT: String(port),
      HEALTH_CHECK_PORT: String(await freePort()),
      DATA_DIR: dataDir,
      // One child is enough for the documents of a test. A second child would add a second of processor time to each
      // start.
      GATEWAY_CHILDREN: '1',
      ...options.env,
    },
  });
  const url = await readyAddress(child, options.readyMsMax ?? READY_MS_MAX);
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const halt = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), stretched(STOP_MS_MAX));
    const code = await exited;
    clearTimeout(timer);
    return code;
  };
  return {
    url,
    dataDir,
    pid: child.pid ?? 0,
    healthUrl: async () => {
      const noted = await readFile(join(dataDir, 'connections.json'), 'utf8');
      return (JSON.parse(noted) as { HEALTH_URL: string }).HEALTH_URL;
    },
    parts: async () =>
      JSON.parse(await readFile(join(dataDir, 'parts.json'), 'utf8')) as Record<string, number>,
    halt,
    stop: async () => {
      await halt();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function readyAddress(child: ChildProcess, withinMs: number): Promise<string> {
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-4_000)));
  return new Promise<string>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`the installation was not ready in time:\n${stderr}`)),
      stretched(withinMs),
    );
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const address = /^Docket is ready: (\S+)$/.exec(line)?.[1];
      if (!address) return;
      clearTimeout(timer);
      resolve(address);
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`the installation ended with ${code ?? 'a signal'}:\n${stderr}`));
    });
  });
}
