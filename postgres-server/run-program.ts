import { spawn } from 'node:child_process';
import { SERVER_ENVIRONMENT, type ServerAccount } from './account.ts';

/** As much as is kept of what a program writes to standard error, the last of it. */
const ERRORS_CHARS_MAX = 16_000;

export interface ProgramRun {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly errors: string;
}

/**
 * Runs a program of Postgres to its end. It leads a group of its own, so that whatever it starts is ended with it when
 * the time is over or `stop` is aborted.
 *
 * @throws what starting it throws (ENOENT, EACCES, EAGAIN)
 */
export function runProgram(
  program: string,
  args: readonly string[],
  options: {
    account: ServerAccount;
    cwd: string;
    timeoutMs: number;
    /** What it reads from standard input; nothing when absent. */
    input?: string;
    stop?: AbortSignal;
  },
): Promise<ProgramRun> {
  const { account, cwd, timeoutMs, input = '', stop } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...account,
      cwd,
      env: SERVER_ENVIRONMENT,
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    // A program that ends before it has read all is judged by its exit code.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-ERRORS_CHARS_MAX);
    });
    const endGroup = (): void => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    };
    const timer = setTimeout(endGroup, timeoutMs);
    stop?.addEventListener('abort', endGroup, { once: true });
    const settle = (): void => {
      clearTimeout(timer);
      stop?.removeEventListener('abort', endGroup);
    };
    child.once('error', (error) => {
      settle();
      reject(error);
    });
    // By then all of its output has been read.
    child.once('close', (code) => {
      settle();
      resolve({ code, errors });
    });
    if (stop?.aborted) endGroup();
  });
}
