import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlainFailure } from '../plain-failure.ts';
import type { LogFile, LogFiles } from './log-files.ts';
import { cpuMsOfGroup } from '../../runtime/metrics/cpu-time.ts';

/** The interval between two checks of a start. */
const LOOK_EVERY_MS = 1_000;
/** After this many checks in a row without used processor time, the start counts as stuck. */
const STILL_LOOKS_MAX = 60;
/** Longest processor time of a start. No start of Docket needs a tenth of it. */
const CPU_MS_MAX = 60 * 60_000;
/** The most checks on a system that does not show processor time. */
const UNSEEN_LOOKS_MAX = 600;

/**
 * Watches a starting process group by the processor time that it uses, not by the clock. On a busy machine a start
 * takes long and still makes progress. The watch counts its own checks, so a time in which the watch itself did not
 * run does not count.
 *
 * @param onStuck receives the reason, once, when the start makes no progress
 * @returns a function that ends the watch
 */
function watchProgress(groupId: number, onStuck: (why: string) => void): () => void {
  let before: number | undefined = undefined;
  let still = 0;
  let unseen = 0;
  const timer = setInterval(() => {
    const cpuMs = cpuMsOfGroup(groupId);
    still = cpuMs !== undefined && cpuMs === before ? still + 1 : 0;
    unseen = cpuMs === undefined ? unseen + 1 : 0;
    before = cpuMs;
    const why =
      still >= STILL_LOOKS_MAX
        ? `it used no processor time for ${STILL_LOOKS_MAX} s`
        : (cpuMs ?? 0) > CPU_MS_MAX
          ? `it was not ready after ${CPU_MS_MAX / 60_000} minutes of processor time`
          : unseen >= UNSEEN_LOOKS_MAX
            ? `it was not ready after ${UNSEEN_LOOKS_MAX} s`
            : null;
    if (why === null) return;
    clearInterval(timer);
    onStuck(why);
  }, LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** Docket kills a child this long after the stop, when the child was stopped before it was ready. */
const UNREADY_GRACE_MS = 1_500;
/** Longest time for reading the last lines of an ended child, because its own children may keep the pipe open. */
const LAST_LINES_MS_MAX = 500;

export interface NodeChild {
  readonly name: string;
  readonly script: string;
  readonly args: readonly string[];
  /** The whole environment of the child, which inherits no variable of this process. */
  readonly env: Readonly<Record<string, string>>;
}

/** Signals that end a child. */
export interface ChildSignals {
  /** Aborts the start. */
  readonly stop: AbortSignal;
  /** Kills the child and its own children at once, at any time. */
  readonly kill: AbortSignal;
}

/**
 * Starts a process of Docket and waits for its line `{"ready":true,"port":N}` on stdout. The services write
 * `{"listening":true,...}` instead, and `/ready` tells when they are ready. The child gets its own process group, so
 * Ctrl-C reaches it only through the supervisor and in order. It ends by itself when the supervisor ends, because its
 * IPC channel closes.
 *
 * @throws PlainFailure with the child's own last line when it does not start
 */
export async function startNodeChild(child: NodeChild, logs: LogFiles, signals?: ChildSignals) {
  signals?.stop.throwIfAborted();
  const spawned = spawn(process.execPath, [child.script, ...child.args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...child.env, EXIT_WITH_PARENT: '1' },
  });
  /**
   * The last plain line that the child wrote to stderr, once the child has ended. A child that cannot start ends with
   * one sentence.
   */
  const lastWords = keepStderr(spawned, logs.open(child.name));
  const exited = new Promise<string>((resolve) => {
    spawned.once('error', (error) => resolve(error.message));
    spawned.once('exit', (code, signal) => resolve(signal ?? `exit code ${code ?? 'unknown'}`));
  });
  const killGroup = (): void => killGroupOf(spawned);
  signals?.kill.addEventListener('abort', killGroup);
  void exited.then(() => signals?.kill.removeEventListener('abort', killGroup));
  const port = await readyPort({ child, spawned, exited, lastWords }, signals?.stop);
  return {
    pid: spawned.pid ?? 0,
    port,
    exited,
    lastWords,
    /** Sends SIGTERM, then SIGKILL after `graceMs`. */
    stop: async (graceMs: number) => {
      spawned.kill('SIGTERM');
      const timer = setTimeout(() => spawned.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** A running child process. */
export type RunningChild = Awaited<ReturnType<typeof startNodeChild>>;

interface StartingChild {
  readonly child: NodeChild;
  readonly spawned: ChildProcess;
  readonly exited: Promise<string>;
  readonly lastWords: () => Promise<string | null>;
}

async function readyPort(starting: StartingChild, stop?: AbortSignal): Promise<number> {
  const { child, spawned, exited, lastWords } = starting;
  const lines = createInterface({ input: spawned.stdout! });
  let unwatch: () => void = () => undefined;
  const ready = new Promise<number>((resolve, reject) => {
    lines.on('line', (line) => {
      if (!/^\{"(ready|listening)":true/.test(line)) return;
      resolve((JSON.parse(line) as { port: number }).port);
    });
    // The child leads its own process group, so the progress of its children counts too.
    unwatch = watchProgress(spawned.pid ?? 0, (why) => reject(new Error(why)));
    stop?.addEventListener('abort', () => reject(new Error('it was stopped')), { once: true });
    void exited.then(async (how) => reject(new Error((await lastWords()) ?? how)));
  });
  try {
    return await ready;
  } catch (error) {
    await endUnready(spawned, exited, stop?.aborted === true);
    const message = `${child.name} did not start: ${error instanceof Error ? error.message : String(error)}`;
    throw new PlainFailure('CHILD_FAILED', message, { cause: error });
  } finally {
    unwatch();
  }
}

/** Returns when the child has ended. A child that was asked to stop may first close its files and connections. */
async function endUnready(spawned: ChildProcess, exited: Promise<string>, isStopped: boolean): Promise<void> {
  if (isStopped) spawned.kill('SIGTERM');
  const timer = setTimeout(() => killGroupOf(spawned), isStopped ? UNREADY_GRACE_MS : 0);
  await exited;
  clearTimeout(timer);
  killGroupOf(spawned);
}

/** The process group of an ended child still exists when programs that the child started still run. */
function killGroupOf({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // No process is left. Or only ended processes are left for which nobody has waited yet; macOS reports EPERM for
    // them.
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/**
 * Writes each line of a child's stderr to its log.
 * @returns a function that returns the last plain line
 */
function keepStderr(spawned: ChildProcess, log: LogFile): () => Promise<string | null> {
  let last: string | null = null;
  const lines = createInterface({ input: spawned.stderr! });
  const ended = new Promise<void>((resolve) => lines.once('close', resolve));
  lines.on('line', (line) => {
    log.write(`${line}\n`);
    if (line !== '' && !line.startsWith('{') && !line.startsWith('    at ')) last = line;
  });
  return async () => {
    await Promise.race([ended, sleep(LAST_LINES_MS_MAX, undefined, { ref: false })]);
    return last?.replace(/^Docket: /, '') ?? null;
  };
}
