import { fork, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One answer of the gateway. An empty answer object gives a correct result for the sent document. */
export interface ScriptedAnswer {
  readonly status?: number;
  /** Headers to add to a correct answer, or to remove from it with null. */
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly body?: string;
  readonly delayMs?: number;
  /** The answer waits until this process has received this many conversions. */
  readonly afterCalls?: number;
  /** Gives no answer: the connection stays silent, or breaks at once. */
  readonly instead?: 'hang' | 'reset';
  /** The connection breaks after this many bytes of the body. */
  readonly cutAfterBytes?: number;
  /** Sends one byte of the body in each period of this length. */
  readonly trickleMs?: number;
  /** Sends a chunked body of this many bytes instead of `body`. */
  readonly bytes?: number;
}

/** The order of answers: the job's own answers, then the queue, then `otherwise`. */
export interface Script {
  readonly byJob?: Record<string, ScriptedAnswer[]>;
  readonly queue?: ScriptedAnswer[];
  readonly otherwise?: ScriptedAnswer;
  readonly healthStatus?: number;
}

export interface GatewayCall {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Null for `GET /health`. */
  readonly jobId: string | null;
}

export interface ScriptedGateway {
  readonly url: string;
  script(script: Script): Promise<void>;
  /** Every requested conversion, over all restarts. */
  calls(): Promise<GatewayCall[]>;
  healthCalls(): Promise<GatewayCall[]>;
  /** Sends SIGKILL, or SIGSTOP and SIGCONT. */
  kill(signal: NodeJS.Signals): void;
  /** Starts a new process on the same port, with the default script. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A real HTTP gateway in a separate process. A test writes its answers. */
export async function startScriptedGateway(): Promise<ScriptedGateway> {
  const directory = await mkdtemp(join(tmpdir(), 'docket-scripted-gateway-'));
  const callLog = join(directory, 'calls.jsonl');
  await writeFile(callLog, '');
  let child = start(0, callLog);
  const { port } = (await messageOf(child)) as { port: number };
  const logged = async (): Promise<GatewayCall[]> =>
    (await readFile(callLog, 'utf8'))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as GatewayCall);
  return {
    url: `http://127.0.0.1:${port}`,
    script: async (script) => {
      const done = messageOf(child);
      child.send({ script });
      await done;
    },
    calls: async () => (await logged()).filter((call) => call.jobId !== null),
    healthCalls: async () => (await logged()).filter((call) => call.jobId === null),
    kill: (signal) => void child.kill(signal),
    restart: async () => {
      await ended(child);
      child = start(port, callLog);
      await messageOf(child);
    },
    stop: async () => {
      await ended(child);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function start(port: number, callLog: string): ChildProcess {
  const file = join(import.meta.dirname, 'scripted-gateway-process.ts');
  return fork(file, [String(port), callLog], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
}

function messageOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const failed = (): void => reject(new Error('the scripted gateway ended'));
    child.once('exit', failed);
    child.once('message', (message) => {
      child.off('exit', failed);
      resolve(message);
    });
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exit;
}
