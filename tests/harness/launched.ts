/** Starts the launcher of a checkout for its tests, and ends the processes that the tests leave. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

const WAIT_MS_MAX = 30_000;

/** The launcher as a process, with its output. */
export interface Launched {
  readonly process: ChildProcessByStdio<null, Readable, Readable>;
  stdout(): string;
  stderr(): string;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

const cleanups: (() => Promise<void>)[] = [];

/** Ends processes and removes folders that the test made, beginning with the newest. */
export async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}

/** Registers something to end or remove after the test. */
export const afterwards = (cleanup: () => Promise<void>): number => cleanups.push(cleanup);

/**
 * Starts the launcher of `root` with `args` in a separate process group. The npm or nohup that started the tests has
 * no effect on it.
 */
export function launch(
  root: string,
  args: readonly string[],
  options: { env?: Record<string, string> } = {},
): Launched {
  const { npm_execpath: _, ...inherited } = process.env;
  const launcher = join(root, 'runtime', 'launcher', 'launch.cjs');
  const child = spawn(process.execPath, [launcher, ...args], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...inherited, NODE_OPTIONS: '', _: '', ...options.env },
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal })),
  );
  cleanups.push(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { process: child, stdout: () => said.stdout, stderr: () => said.stderr, ended };
}

/** Waits until a condition holds, at most half a minute. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  const last = performance.now() + WAIT_MS_MAX;
  while (!holds()) {
    if (performance.now() > last) throw new Error(`waited in vain: ${what}`);
    await sleep(20);
  }
}

/** Makes a folder that is removed after the test. */
export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'docket-launcher-'));
  cleanups.push(() => rm(path, { recursive: true, force: true }));
  return path;
}
