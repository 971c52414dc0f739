import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The level of a warning in a line of the log (pino's numbers); an error is 50. */
const WARNING = 40;

type Numbers = Readonly<Record<string, number>>;
type Operation = (numbers: Numbers) => Promise<unknown>;

/** Serves operations to the parent process over IPC; `stop` ends the process. */
export function serveOperations(operations: Record<string, Operation>): void {
  process.on('message', ({ id, name, numbers }: { id: number; name: string; numbers: Numbers }) => {
    const operation = operations[name] ?? (() => Promise.reject(new Error(`there is no operation ${name}`)));
    operation(numbers)
      .then(
        (answer) => process.send?.({ id, answer }),
        (error: unknown) => process.send?.({ id, error: String(error) }),
      )
      .finally(() => {
        if (name === 'stop') process.disconnect();
      });
  });
  process.on('disconnect', () => process.exit(0));
}

export interface Operated {
  readonly pid: number;
  /** The warnings and errors that the part has logged so far. A part with warnings would falsify the measurement. */
  troubles(): readonly string[];
  ask<Answer>(name: string, numbers?: Numbers): Promise<Answer>;
}

/** Starts one of this folder's programs and talks to it. */
export function operate(
  file: string,
  env: Record<string, string>,
  nodeFlags: readonly string[] = [],
): Operated {
  const child: ChildProcess = fork(join(import.meta.dirname, file), [], {
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    execArgv: [...nodeFlags, ...(process.env['BENCH_EXEC_ARGV'] ?? '').split(' ').filter(Boolean)],
  });
  const troubles: string[] = [];
  createInterface({ input: child.stderr! }).on('line', (line) => {
    process.stderr.write(`${line}\n`);
    if (isTrouble(line)) troubles.push(line);
  });
  let last = 0;
  const waiting = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>();
  child.on('message', ({ id, answer, error }: { id: number; answer?: unknown; error?: string }) => {
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asked?.resolve(answer);
    else asked?.reject(new Error(error));
  });
  child.on('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`${file} ended with ${code ?? 'a signal'}`));
  });
  return {
    pid: child.pid ?? 0,
    troubles: () => troubles,
    ask: <Answer>(name: string, numbers: Numbers = {}) =>
      new Promise<Answer>((resolve, reject) => {
        const id = (last += 1);
        waiting.set(id, { resolve: resolve as (answer: unknown) => void, reject });
        child.send({ id, name, numbers }, (error) => error && reject(error));
      }),
  };
}

/** A line that is not of the log comes from Node itself, just before the process ends. */
function isTrouble(line: string): boolean {
  try {
    return (JSON.parse(line) as { level?: number }).level! >= WARNING;
  } catch {
    return true;
  }
}
