import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { createLog } from '../runtime/log/log.ts';
import { serverAccount } from './account.ts';
import { postgresBinaries } from './binaries.ts';
import { ensureCluster } from './cluster.ts';
import { programsByPs } from './leftovers.ts';
import { ensurePasswords } from './set-aside.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './start.ts';
import { listenersOf } from '../tests/rooms/postgres-server/listeners-of.ts';

const log = createLog('test', 'silent');
const asRoot = process.getuid?.() === 0;
/** An account that every Linux names, and that is neither root nor `nobody`. */
const DAEMON = 1;
const ifRoot = asRoot ? it : it.skip;

let folder: string;
let running: EmbeddedPostgres[];
const start = async (directory = join(folder, 'pg'), port?: number) => {
  const server = await startEmbeddedPostgres({ directory, log, ...(port !== undefined && { port }) });
  running.push(server);
  return server;
};
const ask = async (url: string, text: string): Promise<unknown[]> => {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'docket-pg-'));
  running = [];
});
afterEach(async () => {
  for (const server of running) await server.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('the embedded Postgres', () => {
  it('keeps its rows and its address across a stop and a start', async () => {
    const first = await start();
    await ask(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    expect(await first.exited).toEqual({ code: 0, signal: null });
    const second = await start();
    expect(second.url).toBe(first.url);
    expect(await ask(second.url, 'select * from kept')).toEqual([{ answer: 42 }]);
  });

  it('has a socket in a folder of mode 0700 and no port, and commits to the disk', async () => {
    const { url, port, pid } = await start();
    expect(port).toBeNull();
    const shown = await ask(
      url,
      `select name, setting from pg_settings where name in ('listen_addresses', 'fsync', 'synchronous_commit') order by name`,
    );
    expect(shown).toEqual([
      { name: 'fsync', setting: 'on' },
      { name: 'listen_addresses', setting: '' },
      { name: 'synchronous_commit', setting: 'on' },
    ]);
    const socket = await stat(join(new URL(url).searchParams.get('host')!, '.s.PGSQL.5432'));
    expect([socket.isSocket(), socket.mode & 0o077]).toEqual([true, 0]);
    expect((await stat(join(folder, 'pg', 'cluster'))).mode & 0o077).toBe(0);
    expect((await stat(join(folder, 'pg'))).mode & 0o077).toBe(0);
    if (process.platform === 'linux') expect(await listenersOf(pid)).toEqual([]);
  });

  it('listens on loopback where the path of a socket would be too long, and works as well', async () => {
    const long = join(folder, 'x'.repeat(80));
    const { url, port } = await start(long);
    expect(new URL(url)).toMatchObject({ hostname: '127.0.0.1', port: String(port) });
    expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect((await readdir(join(long, 'cluster'))).filter((name) => name.startsWith('.s.'))).toEqual([]);
  });

  it('loses no acknowledged row when the postmaster is killed, and starts again at once', async () => {
    const first = await start();
    await ask(first.url, 'create table kept as select 42 as answer');
    process.kill(first.pid, 'SIGKILL');
    expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' });
    const second = await start();
    expect(second.url).toBe(first.url);
    expect(await ask(second.url, 'select * from kept')).toEqual([{ answer: 42 }]);
  });

  it('takes over from a server whose parent was killed', async () => {
    const parent = await startInAnotherProgram(join(folder, 'pg'));
    parent.child.kill('SIGKILL');
    await once(parent.child, 'exit');
    process.kill(parent.pid, 0);
    const { url, pid } = await start();
    expect(pid).not.toBe(parent.pid);
    await expect(readlink(`/proc/${parent.pid}/cwd`)).rejects.toThrow('ENOENT');
    expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('leaves no server behind when it cannot be used, and says why', async () => {
    const refusal = startInAnotherProgram(join(folder, 'pg'), undefined, { PGSSLMODE: 'require' });
    await expect(refusal).rejects.toThrow(
      /^EMBEDDED_POSTGRES_FAILED Postgres started and cannot be used: .*SSL.*\.$/,
    );
    await expect(readFile(join(folder, 'pg', 'cluster', 'postmaster.pid'))).rejects.toThrow('ENOENT');
  });

  it('leaves nothing running and nothing unfinished when its start is aborted', async () => {
    const stopping = new AbortController();
    const starting = startEmbeddedPostgres({ directory: join(folder, 'pg'), log, stop: stopping.signal });
    const unfinished = async () => (await readdir(join(folder, 'pg')).catch(() => [])).join();
    while (!(await unfinished()).includes('unfinished-')) await new Promise(setImmediate);
    stopping.abort(new Error('asked to stop'));
    await expect(starting).rejects.toThrow('asked to stop');
    expect(await unfinished()).not.toContain('unfinished-');
    await rm(join(folder, 'pg'), { recursive: true });
  });

  it('removes what a start that was killed had begun to make, and ends what still makes it', async () => {
    const unfinished = join(folder, 'pg', 'unfinished-abc123');
    await mkdir(join(unfinished, 'cluster'), { recursive: true });
    const maker = spawn('sleep', ['600'], { cwd: join(unfinished, 'cluster') });
    const ended = once(maker, 'exit');
    await start();
    expect(await ended).toEqual([null, 'SIGKILL']);
    await expect(stat(unfinished)).rejects.toThrow('ENOENT');
  });

  it('makes its files with programs that lie in a folder whose name a shell would misread', async () => {
    const installed = createRequire(import.meta.url).resolve(
      `@embedded-postgres/${process.platform}-${process.arch}`,
    );
    const odd = join(folder, 'a $HOME "b" `c` \\d');
    await cp(dirname(dirname(installed)), odd, { recursive: true });
    await chmod(folder, 0o755);
    const directory = join(folder, 'pg');
    const account = serverAccount();
    await mkdir(directory);
    const binaries = await postgresBinaries(directory, account, odd);
    const passwords = await ensurePasswords(directory, account, log);
    expect(binaries.initdb).toContain('`c`');
    const cluster = await ensureCluster({ directory, binaries, account, passwords });
    expect(await readFile(join(cluster, 'PG_VERSION'), 'utf8')).toMatch(/^\d+\n$/);
    expect(await ask((await start()).url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('starts in a folder whose name a shell would misread', async () => {
    const { url } = await start(join(folder, 'a $HOME "b" `c` \\d : e'));
    expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('finds the same programs of a server by ps as by /proc', async () => {
    const { pid } = await start();
    // As root the server is told its folder by /proc, so that ps does not show it.
    const shown = asRoot ? '/proc/self/cwd' : join(folder, 'pg', 'cluster');
    expect(await programsByPs(shown)).toContain(pid);
    expect(await programsByPs(join(folder, 'elsewhere'))).toEqual([]);
  });

  it('starts although a pid file names a program that is not Postgres', async () => {
    const first = await start();
    const pidFile = join(folder, 'pg', 'cluster', 'postmaster.pid');
    const lines = (await readFile(pidFile, 'utf8')).split('\n');
    await first.stop();
    lines[0] = String(process.ppid);
    await writeFile(pidFile, lines.join('\n'));
    if (asRoot) await chown(pidFile, 65_534, 65_534);
    const { url } = await start();
    expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('takes another port when the one of the last run is taken, and says so when the port was asked for', async () => {
    const first = await start(join(folder, 'pg'), 0);
    await first.stop();
    const port = first.port!;
    const taken = createServer().listen(port, '127.0.0.1');
    await once(taken, 'listening');
    try {
      const second = await start(join(folder, 'pg'), 0);
      expect(second.port).not.toBe(first.port);
      await second.stop();
      await expect(start(join(folder, 'pg'), port)).rejects.toThrow(`port ${port} is taken`);
    } finally {
      taken.close();
    }
  });

  it('uses the port that it is given', async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    expect(new URL((await start(join(folder, 'pg'), port)).url).port).toBe(String(port));
  });

  it('says in one sentence that its files are damaged', async () => {
    await (await start()).stop();
    await rm(join(folder, 'pg', 'cluster', 'global', 'pg_control'));
    await expect(start()).rejects.toMatchObject({
      code: 'EMBEDDED_POSTGRES_FAILED',
      message: expect.stringMatching(/^[^\n]*damaged[^\n]*\.$/),
    });
  });

  it('says in one sentence that the folder is a file', async () => {
    await writeFile(join(folder, 'pg'), '');
    await expect(start()).rejects.toMatchObject({
      code: 'EMBEDDED_POSTGRES_FAILED',
      message: expect.stringContaining(join(folder, 'pg')),
    });
  });

  ifRoot('works as root in a folder that nobody else can enter', async () => {
    const closed = join(folder, 'closed');
    await mkdir(closed, { mode: 0o700 });
    const first = await start(join(closed, 'pg'));
    await ask(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    const second = await start(join(closed, 'pg'));
    expect(await ask(second.url, 'select * from kept')).toEqual([{ answer: 42 }]);
    expect((await stat(`/proc/${second.pid}`)).uid).toBe(65_534);
  });

  ifRoot('runs from a copy when the installed programs lie in a closed folder', async () => {
    const installed = createRequire(import.meta.url).resolve(
      `@embedded-postgres/${process.platform}-${process.arch}`,
    );
    const closed = join(folder, 'closed');
    await cp(dirname(dirname(installed)), closed, { recursive: true });
    await chmod(closed, 0o700);
    await chmod(folder, 0o755);
    const [one, two] = await Promise.all([
      postgresBinaries(join(folder, 'pg'), serverAccount(), closed),
      postgresBinaries(join(folder, 'pg'), serverAccount(), closed),
    ]);
    expect(one).toEqual(two);
    expect(one.postgres.startsWith(join(folder, 'pg', 'postgres-'))).toBe(true);
  });

  ifRoot('works for an ordinary user, who is told when a folder belongs to another', async () => {
    await (await start(join(folder, 'of-root'))).stop();
    await chmod(folder, 0o777);
    const ordinary = await startInAnotherProgram(join(folder, 'pg'), DAEMON);
    expect((await stat(`/proc/${ordinary.pid}`)).uid).toBe(DAEMON);
    expect(await ask(ordinary.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await stopOther(ordinary.child);
    await expect(startInAnotherProgram(join(folder, 'of-root'), DAEMON)).rejects.toThrow(
      /^EMBEDDED_POSTGRES_FAILED .*(belongs to user|no rights)/,
    );
    await mkdir(join(folder, 'read-only'), { mode: 0o755 });
    await expect(startInAnotherProgram(join(folder, 'read-only', 'pg'), DAEMON)).rejects.toThrow(
      /^EMBEDDED_POSTGRES_FAILED .*no rights to write/,
    );
  });
});

interface Elsewhere {
  readonly child: ChildProcess;
  readonly url: string;
  readonly pid: number;
}

/** Starts a server from another program, so that its parent can be killed or be somebody else. */
async function startInAnotherProgram(
  directory: string,
  uid?: number,
  env: Record<string, string> = {},
): Promise<Elsewhere> {
  const program = join(folder, 'parent.mjs');
  await writeFile(
    program,
    `const { startEmbeddedPostgres } = await import(${JSON.stringify(join(import.meta.dirname, 'start.ts'))});
     const log = { debug() {}, warn() {} };
     try {
       const server = await startEmbeddedPostgres({ directory: ${JSON.stringify(directory)}, log });
       process.on('message', async () => { await server.stop(); process.exit(0); });
       process.send({ url: server.url, pid: server.pid });
     } catch (error) {
       process.send({ failed: error.code + ' ' + error.message }, () => process.exit(1));
     }`,
  );
  await chmod(folder, 0o777);
  const child = fork(program, {
    ...(uid ? { uid, gid: uid } : {}),
    execArgv: [],
    stdio: 'ignore',
    env: { ...process.env, ...env },
  });
  const [answer] = (await once(child, 'message')) as [{ url: string; pid: number; failed?: string }];
  if (answer.failed !== undefined) throw new Error(answer.failed);
  return { child, ...answer };
}

async function stopOther(child: ChildProcess): Promise<void> {
  child.send('stop');
  await once(child, 'exit');
}
