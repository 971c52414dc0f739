import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../cli/up/free-port.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'event-store', 'embedded', 'main.ts');
const READY_MS_MAX = 60_000;

export interface TestEventStore {
  /** The same over restarts. */
  readonly connectionString: string;
  readonly directory: string;
  readonly port: number;
  /** Sends a signal to the server's process; resolves when it has ended (at once for SIGSTOP and SIGCONT). */
  kill(signal: NodeJS.Signals): Promise<void>;
  readonly pid: () => number;
  /** Starts it again on the same folder and port. */
  restart(): Promise<void>;
  /** Ends it and removes the folder. */
  stop(): Promise<void>;
}

/** A real event store process in a folder of its own. */
export async function startTestEventStore(): Promise<TestEventStore> {
  const directory = await mkdtemp(join(tmpdir(), 'docket-test-event-store-'));
  const port = await freePort();
  let child = await startServer(directory, port);

  const ended = (of: ChildProcess) =>
    of.exitCode !== null || of.signalCode !== null
      ? Promise.resolve()
      : new Promise<void>((resolve) => of.once('exit', () => resolve()));
  const kill = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await ended(child);
  };
  return {
    connectionString: `esdb://127.0.0.1:${port}?tls=false`,
    directory,
    port,
    kill,
    pid: () => child.pid ?? 0,
    restart: async () => {
      await ended(child);
      child = await startServer(directory, port);
    },
    stop: async () => {
      await kill('SIGKILL');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function startServer(directory: string, port: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, [MAIN, '--directory', directory, '--port', String(port)], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...process.env, NODE_OPTIONS: '', EXIT_WITH_PARENT: '1' },
  });
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the event store was not ready in time')), READY_MS_MAX);
    createInterface({ input: child.stdout! }).on('line', (line) => {
      if (!line.includes('"ready":true')) return;
      clearTimeout(timer);
      resolve();
    });
    child.once('exit', (code) => reject(new Error(`the event store ended with ${code ?? 'a signal'}`)));
  });
  return child;
}
