import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Weight } from './weight.ts';

/** A server in a process of its own. */
export interface WeighedProcess {
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
export function startWriteSideProcess(
  env: Record<string, string>,
  execArgv: string[] = ['--expose-gc'],
): Promise<WeighedProcess> {
  return startWeighedProcess(join(import.meta.dirname, 'main.ts'), env, execArgv);
}

/**
 * Starts a program that tells its parent where it listens, and what it weighs when asked (`answerWeighing`).
 *
 * @param execArgv flags for Node
 */
export async function startWeighedProcess(
  program: string,
  env: Record<string, string>,
  execArgv: string[],
): Promise<WeighedProcess> {
  const child = fork(program, [], {
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
