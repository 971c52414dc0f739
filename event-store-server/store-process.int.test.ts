import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { UnavailableError } from '@eventstore/db-client';
import {
  connectTo,
  counted,
  eventually,
  numbersOf,
  spawnStore,
  type StoreDidNotStart,
} from '../tests/rooms/event-store-server/spawned-store.ts';
import { openStoreSessions, type StoreSessions } from '../tests/rooms/event-store-server/store-sessions.ts';

// Generous: each test starts several processes, and the machine may have much else to do.
jest.setTimeout(120_000);

let directory: string;
let start: StoreSessions['start'];
let session: StoreSessions['session'];
let refusedStart: StoreSessions['refusedStart'];
let end: StoreSessions['end'];

beforeEach(() => {
  ({ directory, start, session, refusedStart, end } = openStoreSessions());
});
afterEach(() => end());

describe('the directory', () => {
  it('is refused to a second process and free again after SIGKILL of the first', async () => {
    const first = await start();
    const refused = await refusedStart();
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain(`already open in another process (process ${first.pid})`);
    const client = connectTo(first.port);
    await client.appendToStream('still', counted(1));
    await client.dispose();
    await first.end('SIGKILL');
    await session('SIGTERM', async (next) => expect(await numbersOf(next.readStream('still'))).toEqual([1]));
  });

  it('that cannot be used is reported in one sentence', async () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    const refused = await spawnStore(join(file, 'below')).catch(
      (error: unknown) => error as StoreDidNotStart,
    );
    expect(refused).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('cannot use the directory'),
    });
    if (process.getuid?.() === 0) return;
    chmodSync(directory, 0o500);
    expect(await refusedStart()).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('no right to write'),
    });
    chmodSync(directory, 0o700);
  });

  it('on a full disk refuses the append with an error, shows nothing of it, and goes on when there is room', async () => {
    const store = await start({ command: ['prlimit', '--fsize=300000:unlimited'] });
    const client = connectTo(store.port);
    await client.appendToStream('before', counted(0));
    const attempts = await Promise.allSettled(
      Array.from({ length: 8 }, (_, n) =>
        client.appendToStream(`full-${n}`, [counted(n), counted(n, 'Large', 60_000)], {
          expectedRevision: 'no_stream',
        }),
      ),
    );
    const refused = attempts.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    for (const attempt of refused)
      expect((attempt as PromiseRejectedResult).reason).toMatchObject({
        message: expect.stringContaining('disk of the event store is full'),
      });
    const large = client.appendToStream('large', counted(1, 'Large', 400_000));
    await expect(large).rejects.toMatchObject({ message: expect.stringContaining('full') });
    const classic = client.appendToStream('large', counted(1, 'Large', 400_000), {
      credentials: { username: 'a', password: 'b' },
    });
    await expect(classic).rejects.toMatchObject({ code: 8 });
    const shown = await Promise.all(
      attempts.map((_, n) => numbersOf(client.readStream(`full-${n}`)).catch(() => [])),
    );
    expect(shown).toEqual(attempts.map(({ status }, n) => (status === 'fulfilled' ? [n, n] : [])));

    expect(spawnSync('prlimit', [`--pid=${store.pid}`, '--fsize=unlimited:unlimited']).status).toBe(0);
    await client.appendToStream('large', counted(1, 'Large', 400_000), { expectedRevision: 'no_stream' });
    expect(await numbersOf(client.readStream('before'))).toEqual([0]);
    await client.dispose();
    await store.end('SIGKILL');
    await session('SIGTERM', async (next) => {
      expect(await numbersOf(next.readStream('large'))).toEqual([1]);
      const after = await Promise.all(
        attempts.map((_, n) => numbersOf(next.readStream(`full-${n}`)).catch(() => [])),
      );
      expect(after).toEqual(shown);
    });
  });
});

describe('the process', () => {
  it('stops within 2 s of SIGTERM with code 0, ending streams so that clients know', async () => {
    const store = await start();
    const client = connectTo(store.port);
    let ended: unknown = null;
    let isLive = false;
    client
      .subscribeToAll()
      .on('caughtUp', () => (isLive = true))
      .on('error', (error) => (ended = error))
      .resume();
    await eventually(() => isLive, 'live');
    // In flight when the signal comes: each is answered one way or the other.
    let isOver = false;
    let failures: unknown[] = [];
    const writers = Array.from({ length: 16 }, async (_, writer) => {
      for (let n = 0; !isOver; n += 1)
        await client.appendToStream(`w-${writer}-${n}`, counted(n)).catch((error: unknown) => {
          failures = [...failures, error];
          isOver = true;
        });
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    const began = performance.now();
    expect(await store.end('SIGTERM')).toBe(0);
    expect(performance.now() - began).toBeLessThan(2000);
    await Promise.all(writers);
    await eventually(() => ended !== null, 'the end of the subscription');
    expect(ended).toBeInstanceOf(UnavailableError);
    expect(failures.every((failure) => failure instanceof UnavailableError)).toBe(true);
    await client.dispose();
  });

  it.each([
    { ipc: true, env: {} },
    { ipc: false, env: { EXIT_WITH_PARENT: '1' } },
  ])('ends with its parent (%p)', async ({ ipc, env }) => {
    const parentFile = join(directory, 'parent.mjs');
    writeFileSync(
      parentFile,
      `import { spawn } from 'node:child_process';
       const stdio = ${ipc} ? ['ignore', 'pipe', 'ignore', 'ipc'] : ['ignore', 'pipe', 'ignore'];
       const child = spawn(process.execPath, [process.argv[2], '--directory', process.argv[3]], { stdio });
       child.stdout.on('data', () => process.send(child.pid));`,
    );
    const parent = fork(parentFile, [join(import.meta.dirname, 'main.ts'), join(directory, 'store')], {
      env: { ...process.env, NODE_OPTIONS: '', ...env },
      execArgv: [],
    });
    const [pid] = (await once(parent, 'message')) as [number];
    parent.kill('SIGKILL');
    const isAlive = (): boolean => {
      try {
        process.kill(pid, 0);
        return true;
      } catch {
        return false;
      }
    };
    await eventually(() => !isAlive(), 'the end of the store');
  });

  it('says when its port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const refused = await refusedStart({ env: { EVENT_STORE_PORT: `${port}` } });
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(`${port}`) });
    taken.close();
  });
});
