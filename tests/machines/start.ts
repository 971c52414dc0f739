/** `npm start` on such a machine: a job of its own, with an environment that is only what the condition says. */
import { spawn, type ChildProcess } from 'node:child_process';
import { chownSync, mkdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ToolBox } from './tools.ts';
import { passesTermOn, USUAL_TOOLS, type Tools } from './versions.ts';

/** A first start on a slow machine and a slow network. */
export const READY_MS_MAX = 420_000;
/** People wait for so long after Ctrl-C; a busy machine gets some more. */
const STOP_MS_MAX = 15_000;
/** Nobody's number on every system we know. */
const NOBODY = 65_534;

/** What the machine that runs the check needs to reach its package registry; npm sets the first for its scripts. */
const KEPT = /^(npm_config_(registry|cafile|https?_proxy|noproxy)|node_extra_ca_certs|lang)$/i;

export interface Start {
  readonly checkout: string;
  readonly tools?: Tools;
  /** Added to the environment; undefined takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What npm is asked for. */
  readonly npmArgs?: readonly string[];
  /** A line for sh in which `"$@"` is the command: limits, pipes, nohup. */
  readonly line?: string;
  /** Runs as a user without rights, where this one is root. */
  readonly asNobody?: boolean;
  /** Another package manager than npm runs the script. */
  readonly manager?: 'yarn' | 'pnpm';
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Started {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  readonly ended: Promise<Ended>;
  /** Waits for text in the output. @throws when the command ends before, or says nothing of it in time */
  says(pattern: RegExp, withinMs?: number): Promise<RegExpExecArray>;
  /** Sends the signal to npm, or to the whole job where npm keeps it to itself. @throws when it goes on */
  stop(signal?: NodeJS.Signals): Promise<Ended>;
  /** Waits for an end that comes by itself. */
  end(withinMs?: number): Promise<Ended>;
}

/** Where a try has its things. */
export interface Places {
  readonly folder: string;
  readonly dataDir: string;
  readonly port: number;
  readonly cache: string;
}

/** @throws NotTried when the tools of the condition are not to be had */
export async function startNpm(start: Start, places: Places, toolBox: ToolBox): Promise<Started> {
  const tools = start.tools ?? USUAL_TOOLS;
  const { node, npmCli } = await toolBox.paths(tools);
  const manager = start.manager === undefined ? [node, npmCli] : await toolBox.manager(start.manager, node);
  const command = [...manager, ...(start.npmArgs ?? ['start'])];
  const user = start.asNobody === true && process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  for (const name of ['home', 'tmp']) {
    mkdirSync(join(places.folder, name), { recursive: true });
    if (user.uid !== undefined) chownSync(join(places.folder, name), NOBODY, NOBODY);
  }
  const child = spawn('sh', ['-c', start.line ?? 'exec "$@"', 'sh', ...command], {
    cwd: start.checkout,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...environment(places, node), ...start.env },
    ...user,
  });
  return follow(child, start.manager !== 'pnpm' && passesTermOn(tools) ? 'npm' : 'job');
}

function environment(places: Places, node: string): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name, value]) => KEPT.test(name) && value !== undefined);
  return {
    ...(Object.fromEntries(kept) as Record<string, string>),
    PATH: [dirname(node), '/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'].join(delimiter),
    HOME: join(places.folder, 'home'),
    TMPDIR: join(places.folder, 'tmp'),
    DATA_DIR: places.dataDir,
    PORT: String(places.port),
    // Another Docket that starts on this machine at the same moment would take the usual one.
    HEALTH_CHECK_PORT: '0',
    // One is enough for the few documents of a condition, and a second costs each start a second of processor time.
    GATEWAY_CHILDREN: '1',
    npm_config_cache: places.cache,
  };
}

function follow(child: ChildProcess, signalled: 'npm' | 'job'): Started {
  const said = { stdout: '', stderr: '' };
  let running = true;
  child.stdout!.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr!.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  const ended = new Promise<Ended>((resolve) => {
    child.once('error', () => resolve({ code: null, signal: null }));
    // Not `close`: what went on in the background may hold the pipes.
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  void ended.then(() => (running = false));
  // npm's own lines, such as news of its versions, say nothing of ours.
  const ours = (line: string): boolean => line.trim() !== '' && !/^(npm |> |Docket: installing)/.test(line);
  const lastWords = () => (said.stdout + said.stderr).split('\n').filter(ours).slice(-3).join(' / ');
  const end = async (withinMs = READY_MS_MAX): Promise<Ended> => {
    const timer = new AbortController();
    const outcome = await Promise.race([ended, sleep(withinMs, null, { signal: timer.signal, ref: false })]);
    timer.abort();
    if (outcome === null)
      throw new Error(`still there after ${withinMs / 1_000} s; last words: ${lastWords()}`);
    // What it wrote last is still on its way.
    await sleep(100);
    return outcome;
  };
  return {
    pid: child.pid ?? 0,
    stdout: () => said.stdout,
    stderr: () => said.stderr,
    ended,
    end,
    says: async (pattern, withinMs = READY_MS_MAX) => {
      for (const last = performance.now() + withinMs; ; await sleep(50)) {
        const found = pattern.exec(`${said.stdout}\n${said.stderr}`);
        if (found !== null) return found;
        if (!running) throw new Error(`it ended; last words: ${lastWords()}`);
        if (performance.now() > last) throw new Error(`it never said ${pattern.source}: ${lastWords()}`);
      }
    },
    stop: async (signal = 'SIGTERM') => {
      process.kill(signalled === 'npm' ? child.pid! : -child.pid!, signal);
      return end(STOP_MS_MAX);
    },
  };
}
