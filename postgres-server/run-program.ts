import { spawn } from 'node:child_process';
import { SERVER_ENVIRONMENT, type ServerAccount } from './account.ts';

/** Docket keeps this many of the last characters that a program writes to standard error. */
const ERRORS_CHARS_MAX = 16_000;

export interface ProgramRun {
  /** Null when a signal ended the program. */
  readonly code: number | null;
  readonly errors: string;
}

/**
 * Runs a program of Postgres to its end. The program leads its own process group, so its children also end when the
 * time is over or `stop` is aborted.
 *
 * @throws the error of starting it (ENOENT, EACCES, EAGAIN)
 */
export function runProgram(
  program: string,
  args: readonly string[],
  options: {
    account: ServerAccount;
    cwd: string;
    timeoutMs: number;
    /** The text for the standard input of the program. */
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
    // A program may end before it has read all its input. Only its exit code counts.
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
    // At `close`, all output of the program has been read.
    child.once('close', (code) => {
      settle();
      resolve({ code, errors });
    });
    if (stop?.aborted) endGroup();
  });
}
