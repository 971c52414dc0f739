/** The event store as tests use it: a process of its own, reached through the unmodified client. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  EventStoreDBClient,
  jsonEvent,
  type JSONEventData,
  type JSONEventType,
  type ResolvedEvent,
} from '@eventstore/db-client';
import {
  writeAccessLists,
  writeSecuredFiles,
  type ConnectAs,
  type SecuredFiles,
  type SecuredOptions,
} from './secured-store.ts';

const MAIN = join(import.meta.dirname, '..', '..', '..', 'event-store-server', 'main.ts');

export interface SpawnedStore {
  readonly port: number;
  readonly pid: number;
  readonly child: ChildProcess;
  /** Returns the connection string for a client; by default as the first user. */
  readonly connectionString: (as?: ConnectAs) => string;
  /** The certificate that clients trust; '' without TLS. */
  readonly certificateFile: string;
  /** The output on stderr. */
  readonly stderr: () => string;
  /** Time from the start of the process to its line on stdout. */
  readonly startMs: number;
  /** Sends a signal and waits for the end; the exit code, or null when the signal ended it. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | null>;
  /** Resolves with the exit code when it has ended. */
  readonly ended: Promise<number | null>;
}

/** An event store that ended instead of becoming ready. */
export class StoreDidNotStart extends Error {
  readonly exitCode: number | null;
  readonly stderr: string;

  constructor(exitCode: number | null, stderr: string) {
    super(`The event store ended with ${exitCode}: ${stderr}`);
    this.name = 'StoreDidNotStart';
    this.exitCode = exitCode;
    this.stderr = stderr;
  }
}

export interface SpawnOptions extends SecuredOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly ipc?: boolean;
  /** Imitates EventStoreDB also where the store behaves better; the numbers are milliseconds. */
  readonly likeEventStoreDB?: boolean | { readonly holdAppendsMs?: number; readonly notReadyMs?: number };
  /** Flags for its Node. */
  readonly nodeFlags?: readonly string[];
  /** More words for the command line. */
  readonly args?: readonly string[];
  /** Files of TLS and users that outlive this process, in place of some of its own. */
  readonly files?: SecuredFiles;
  /** The command that starts the store, instead of this Node. */
  readonly command?: readonly string[];
}

function likenessWords(like: SpawnOptions['likeEventStoreDB']): string[] {
  if (like === undefined || like === false) return [];
  const { holdAppendsMs = 0, notReadyMs = 0 } = like === true ? {} : like;
  return ['--like-eventstoredb', '--hold-appends-ms', `${holdAppendsMs}`, '--not-ready-ms', `${notReadyMs}`];
}

/**
 * Starts the store's process on a directory and waits until it is ready.
 * @throws StoreDidNotStart
 */
export async function spawnStore(directory: string, options: SpawnOptions = {}): Promise<SpawnedStore> {
  const files = options.files ?? writeSecuredFiles(options);
  const own = [
    process.execPath,
    ...(options.nodeFlags ?? []),
    MAIN,
    '--directory',
    directory,
    ...files.words,
    ...likenessWords(options.likeEventStoreDB),
    ...(options.args ?? []),
  ];
  const [command, ...words] = [...(options.command ?? []), ...own] as [string, ...string[]];
  const began = performance.now();
  const child = spawn(command, words, {
    stdio: options.ipc === true ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '', ...options.env },
  });
  let stderr = '';
  child.stderr?.on('data', (text: Buffer) => (stderr += text.toString()));
  const ended = once(child, 'close').then(([code]) => {
    if (options.files === undefined) files.remove();
    return code as number | null;
  });
  const ready = new Promise<number>((resolve) => {
    let stdout = '';
    child.stdout?.on('data', (text: Buffer) => {
      stdout += text.toString();
      if (stdout.includes('\n')) resolve((JSON.parse(stdout) as { port: number }).port);
    });
  });
  const first = await Promise.race([ready.then((port) => ({ port })), ended.then((code) => ({ code }))]);
  if ('code' in first) throw new StoreDidNotStart(first.code, stderr);
  if (options.acl !== undefined) await writeAccessLists(files, first.port, options.users ?? [], options.acl);
  return {
    port: first.port,
    pid: child.pid as number,
    child,
    connectionString: (as) => files.connectionString(first.port, as),
    certificateFile: files.certificateFile,
    stderr: () => stderr,
    startMs: performance.now() - began,
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
    ended,
  };
}

export const connectTo = (port: number): EventStoreDBClient =>
  EventStoreDBClient.connectionString(`esdb://127.0.0.1:${port}?tls=false`);

/** A directory of its own below the system's temporary one. */
export const temporaryDirectory = (): string => mkdtempSync(join(tmpdir(), 'docket-event-store-'));

export const removeDirectory = (directory: string): void =>
  rmSync(directory, { recursive: true, force: true });

/** A store, a client and their end, for one test file. */
export interface StoreForTests {
  readonly client: EventStoreDBClient;
  readonly store: SpawnedStore;
  readonly directory: string;
  readonly stop: () => Promise<void>;
}

export async function startStoreForTests(options: SpawnOptions = {}): Promise<StoreForTests> {
  const directory = temporaryDirectory();
  const store = await spawnStore(directory, options);
  const client = EventStoreDBClient.connectionString(store.connectionString());
  return {
    client,
    store,
    directory,
    stop: async () => {
      await client.dispose();
      await store.end('SIGTERM');
      removeDirectory(directory);
    },
  };
}

export type Counted = JSONEventType<string, { n: number; filler?: string }>;

/** An event of a type that holds a number. */
export const counted = (n: number, type = 'Counted', fillerBytes = 0): JSONEventData<Counted> =>
  jsonEvent<Counted>({
    type,
    data: fillerBytes === 0 ? { n } : { n, filler: 'x'.repeat(fillerBytes) },
    metadata: { note: `number ${n}` },
  });

/** The numbers of the events, in their order. */
export async function numbersOf(events: AsyncIterable<ResolvedEvent>): Promise<number[]> {
  const numbers: number[] = [];
  for await (const { event } of events) numbers.push((event?.data as { n: number }).n);
  return numbers;
}

/** Resolves when `condition` holds; the promise fails after `withinMs`. */
export async function eventually(condition: () => boolean, what: string, withinMs = 60_000): Promise<void> {
  const until = performance.now() + withinMs;
  while (!condition()) {
    if (performance.now() > until) throw new Error(`Not within ${withinMs} ms: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

let streams = 0;
/** Returns a new stream name. */
export const newStream = (prefix = 'job'): string => `${prefix}-${process.pid}-${(streams += 1)}`;
