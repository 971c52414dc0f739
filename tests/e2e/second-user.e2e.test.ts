import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../postgres-server/start.ts';
import { listenersOf } from '../rooms/postgres-server/listeners-of.ts';
import { createLog } from '../../runtime/log/log.ts';
import { startInstallation, type Installation } from '../harness/installation.ts';
import { OPEN, SECOND_USER_ID, type Doors, type Outcomes } from '../harness/second-user.ts';

const SLOW_MS = 300_000;
const SESSION_SECRET = 'd1a70c4e9b52f8830617aa4cbb15f26e';
const STREAM = 'strange';

const canBeSomebodyElse = process.getuid?.() === 0 && process.platform === 'linux';
const where = canBeSomebodyElse ? describe : describe.skip;
if (!canBeSomebodyElse) {
  const why = 'The tests of a second user of the machine are skipped: only root on Linux can become one.\n';
  process.stderr.write(why);
}

/** The process and all below it (proc(5), `stat`, field 4). */
function treeOf(root: number): number[] {
  const parents = readdirSync('/proc').flatMap((name): [number, number][] => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      return [[Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])]];
    } catch {
      // No process, or one that ended between the two looks.
      return [];
    }
  });
  const below = (pid: number): number[] => [
    pid,
    ...parents.filter(([, parent]) => parent === pid).flatMap(([child]) => below(child)),
  ];
  return below(root);
}

where('another user of the machine [D70]', () => {
  let outer: string;
  let installation: Installation;
  let onPort: EmbeddedPostgres;
  let urls: {
    EVENTSTORE_URL: string;
    DATABASE_URL: string;
    ANALYTICS_DATABASE_URL: string;
    GATEWAY_URL: string;
  };
  let entries: { path: string; isFolder: boolean; mode: number }[];
  let outcomes: Outcomes;

  beforeAll(async () => {
    outer = mkdtempSync(join(tmpdir(), 'docket-second-user-'));
    chmodSync(outer, 0o755);
    const dataDir = join(outer, 'data');
    // As an administrator makes a folder, and an older Docket left it.
    mkdirSync(join(dataDir, 'event-store'), { recursive: true });
    for (const folder of [dataDir, join(dataDir, 'event-store')]) chmodSync(folder, 0o755);
    installation = await startInstallation({ dataDir, env: { SESSION_SECRET } });
    const directory = join(outer, 'postgres-on-a-port');
    onPort = await startEmbeddedPostgres({ directory, port: 0, log: createLog('test', 'silent') });
    urls = JSON.parse(readFileSync(join(dataDir, 'connections.json'), 'utf8')) as typeof urls;
    const own = EventStoreDBClient.connectionString(urls.EVENTSTORE_URL);
    await own.appendToStream(STREAM, jsonEvent({ type: 'Kept', data: { n: 1 } }));
    await own.dispose();
    entries = entriesOf(dataDir);
    outcomes = await asSecondUser(doors());
  }, SLOW_MS);
  afterAll(async () => {
    await installation.stop();
    await onPort.stop();
    rmSync(outer, { recursive: true, force: true });
  }, SLOW_MS);

  const entriesOf = (dataDir: string) =>
    [
      dataDir,
      ...readdirSync(dataDir, { recursive: true, encoding: 'utf8' }).map((name) => join(dataDir, name)),
    ].flatMap((path) => {
      const found = statSync(path, { throwIfNoEntry: false });
      return found === undefined ? [] : [{ path, isFolder: found.isDirectory(), mode: found.mode & 0o777 }];
    });

  const doors = (): Doors => {
    const postgres = (url: string, password: string): string => {
      const guessed = new URL(url);
      guessed.password = password;
      return guessed.href;
    };
    const { port } = new URL(urls.EVENTSTORE_URL);
    return {
      paths: entries.filter(({ isFolder }) => !isFolder).map(({ path }) => path),
      folders: entries.filter(({ isFolder }) => isFolder).map(({ path }) => path),
      pids: treeOf(installation.pid),
      postgres: [
        ...['', 'docket', 'postgres'].flatMap((password) =>
          [urls.DATABASE_URL, urls.ANALYTICS_DATABASE_URL, onPort.url, onPort.analystUrl].map((url) =>
            postgres(url, password),
          ),
        ),
        'postgres://docket@127.0.0.1:5432/docket',
        `postgres://postgres@127.0.0.1:${onPort.port}/postgres`,
      ],
      eventStore: Number(port),
      logins: ['', 'admin:changeit@', 'docket:docket@'],
      gateway: [`${urls.GATEWAY_URL}/v1/mappings`, `${urls.GATEWAY_URL}/metrics`],
      stream: STREAM,
    };
  };

  it('reads and writes nothing: no file, no process, no Postgres, no event store, no gateway', () => {
    expect(Object.keys(outcomes).length).toBeGreaterThan(entries.length * 2 + 40);
    const kinds = ['read ', 'list ', 'environment of', 'Postgres', 'event store', 'gateway'];
    for (const kind of kinds) expect(Object.keys(outcomes).some((name) => name.startsWith(kind))).toBe(true);
    expect(Object.entries(outcomes).filter(([, ended]) => ended.startsWith(OPEN))).toEqual([]);
  });

  it('is refused for the right reason by each', () => {
    const of = (start: string): string[] =>
      Object.entries(outcomes).flatMap(([name, ended]) => (name.startsWith(start) ? [ended] : []));
    for (const start of ['read /', 'write /', 'list /', 'make a file', 'environment of', 'folder of'])
      expect(new Set(of(start).map((ended) => ended.split(':')[0]))).toEqual(new Set(['EACCES']));
    const byPort = Object.entries(outcomes).filter(([name]) => name.includes(`:${onPort.port}/docket`));
    expect(byPort).toHaveLength(6);
    for (const [, ended] of byPort) expect(ended).toMatch(/password/);
    const bySocket = Object.entries(outcomes).filter(([name]) => name.includes('?host='));
    expect(bySocket).toHaveLength(6);
    for (const [, ended] of bySocket) expect(ended).toMatch(/^EACCES: connect/);
    const byTls = of('event store tls=true');
    expect(byTls).toHaveLength(15);
    for (const ended of byTls) expect(ended).toMatch(/^(access-denied|7|16): /);
    for (const ended of of('gateway')) expect(ended).toMatch(/401|404/);
  });

  it('finds nothing in the data folder that is open to others, a folder that was there before included', () => {
    expect(entries.length).toBeGreaterThan(10);
    expect(entries.filter(({ mode }) => (mode & 0o077) !== 0)).toEqual([]);
  });

  it('finds no port of Postgres, and no secret on a command line', async () => {
    const { postgres } = await installation.parts();
    expect(await listenersOf(postgres!)).toEqual([]);
    const secrets = [urls.DATABASE_URL, urls.ANALYTICS_DATABASE_URL, urls.EVENTSTORE_URL].map((url) =>
      decodeURIComponent(new URL(url).password),
    );
    for (const pid of treeOf(installation.pid)) {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      for (const secret of [...secrets, SESSION_SECRET]) expect(words).not.toContain(secret);
    }
  });

  it('would be told the truth by the same attempts: root succeeds with them', () => {
    expect(SECOND_USER_ID).not.toBe(process.getuid?.());
    expect(readFileSync(join(installation.dataDir, 'connections.json'), 'utf8')).toContain('EVENTSTORE_URL');
    expect(readFileSync(`/proc/${installation.pid}/environ`, 'utf8')).toContain(SESSION_SECRET);
  });
});

async function asSecondUser(doors: Doors): Promise<Outcomes> {
  const program = join(import.meta.dirname, '..', 'harness', 'second-user.ts');
  const child = fork(program, { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await once(child, 'message');
  child.send(doors);
  const [outcomes] = (await once(child, 'message')) as [Outcomes];
  return outcomes;
}
