import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** What the process weighs, after a collection where `--expose-gc` allows one. */
export interface Weight {
  readonly rssBytes: number;
  /** Most memory it ever had. */
  readonly peakRssBytes: number;
  readonly cpuMs: number;
}

export interface WriteSideProcess {
  readonly url: string;
  readonly port: number;
  weigh(): Promise<Weight>;
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
  /** SIGKILL; its data folder stays. */
  kill(): Promise<void>;
  /** Lets it end and clear up. */
  stop(): Promise<void>;
}

/** Starts the write side in a process of its own. */
export async function startWriteSideProcess(
  env: Record<string, string>,
  execArgv: string[] = ['--expose-gc'],
): Promise<WriteSideProcess> {
  const child = fork(join(import.meta.dirname, 'main.ts'), [], {
    execArgv,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const [address] = (await once(child, 'message')) as [{ url: string; port: number }];
  return {
    ...address,
    ended,
    weigh: async () => {
      child.send('weigh');
      const [weight] = (await once(child, 'message')) as [Weight];
      return weight;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
    stop: async () => {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
