import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fork, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { UnavailableError, type EventStoreDBClient } from '@eventstore/db-client';
import {
  connectTo,
  counted,
  eventually,
  numbersOf,
  removeDirectory,
  spawnStore,
  StoreDidNotStart,
  temporaryDirectory,
  type SpawnedStore,
} from './testing/spawned-store.ts';

// Generous: each test starts several processes, and the machine may have much else to do.
jest.setTimeout(120_000);

let directory: string;
const running: SpawnedStore[] = [];

beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((store) => store.end('SIGKILL')));
  removeDirectory(directory);
});

async function start(options: Parameters<typeof spawnStore>[1] = {}): Promise<SpawnedStore> {
  const store = await spawnStore(directory, options);
  running.push(store);
  return store;
}

/** Starts a store, lets `work` use it and stops it the given way. */
async function session(
  signal: NodeJS.Signals,
  work: (client: EventStoreDBClient) => Promise<unknown>,
): Promise<SpawnedStore> {
  const store = await start();
  const client = connectTo(store.port);
  await work(client);
  await client.dispose();
  await store.end(signal);
  return store;
}

const refusedStart = (options: Parameters<typeof spawnStore>[1] = {}): Promise<StoreDidNotStart> =>
  start(options).then(
    () => Promise.reject(new Error('The store started.')),
    (error: unknown) => (error instanceof StoreDidNotStart ? error : Promise.reject(error as Error)),
  );

const logFile = (): string =>
  join(
    directory,
    readdirSync(directory)
      .filter((name) => name.endsWith('.log'))
      .sort()
      .at(-1) as string,
  );

function flipByte(file: string, at: number): void {
  const handle = openSync(file, 'r+');
  const byte = Buffer.alloc(1);
  readSync(handle, byte, 0, 1, at);
  byte[0] = (byte[0] as number) ^ 0x40;
  writeSync(handle, byte, 0, 1, at);
  closeSync(handle);
}

/** Offset in the log file at which the event with this filler lies. */
const offsetOf = (text: string): number => readFileSync(logFile()).indexOf(text);

describe('SIGKILL', () => {
  it('under 16 writers twenty times in a row loses no acknowledged append and shows no half of one', async () => {
    const acknowledged = new Map<string, number>();
    const streams = Array.from({ length: 16 }, (_, writer) => `writer-${writer}`);
    const checked = new Map<string, number>();
    const appended = new Map(streams.map((stream) => [stream, 0]));

    /** Each append is a pair of events, so half of one would show. */
    const write = async (
      client: EventStoreDBClient,
      stream: string,
      isOver: () => boolean,
    ): Promise<void> => {
      while (!isOver()) {
        const n = appended.get(stream) as number;
        const expectedRevision = n === 0 ? 'no_stream' : BigInt(2 * n - 1);
        await client.appendToStream(stream, [counted(n), counted(n)], { expectedRevision });
        appended.set(stream, n + 1);
        acknowledged.set(stream, n + 1);
      }
    };

    /** Reads what is new since the last check, or everything. */
    const check = async (client: EventStoreDBClient, everything = false): Promise<void> => {
      for (const stream of streams) {
        const known = acknowledged.get(stream) ?? 0;
        const from = everything ? 0 : Math.max(0, checked.get(stream) ?? 0);
        const numbers = await numbersOf(client.readStream(stream, { fromRevision: BigInt(2 * from) })).catch(
          () => [],
        );
        expect(numbers.length % 2).toBe(0);
        expect(numbers).toEqual(
          Array.from({ length: numbers.length }, (_, place) => from + Math.floor(place / 2)),
        );
        const pairs = from + numbers.length / 2;
        // One append may have been written and not acknowledged before the kill.
        expect([known, known + 1]).toContain(pairs);
        appended.set(stream, pairs);
        acknowledged.set(stream, pairs);
        checked.set(stream, pairs);
      }
    };

    for (let round = 0; round < 20; round += 1) {
      const store = await start();
      const client = connectTo(store.port);
      await check(client);
      let isOver = false;
      const writers = streams.map((stream) => write(client, stream, () => isOver).catch(() => undefined));
      await new Promise((resolve) => setTimeout(resolve, 80 + 15 * round));
      isOver = round === 19;
      await store.end('SIGKILL');
      isOver = true;
      await Promise.all(writers);
      await client.dispose();
    }
    const store = await start();
    const client = connectTo(store.port);
    await check(client, true);
    await client.dispose();
    const total = [...acknowledged.values()].reduce((sum, pairs) => sum + pairs, 0);
    expect(total).toBeGreaterThan(100);
  }, 300_000);
});

describe('a restart', () => {
  it('finds streams, revisions, positions, metadata and deletions as they were', async () => {
    const survey = async (client: EventStoreDBClient): Promise<unknown[]> => {
      const found: unknown[] = [];
      for await (const { event } of client.readAll())
        found.push([event?.streamId, event?.revision, event?.position, event?.id, event?.data]);
      found.push(await numbersOf(client.readStream('limited')), await client.getStreamMetadata('limited'));
      return found;
    };
    let before: unknown[] = [];
    const event = counted(77);
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await session(signal, async (client) => {
        await client.appendToStream('limited', [counted(1), counted(2), counted(3)]);
        await client.setStreamMetadata('limited', { maxCount: 2 });
        await client.appendToStream(`deleted-${signal}`, counted(1));
        await client.deleteStream(`deleted-${signal}`);
        await client.appendToStream(`gone-${signal}`, counted(1));
        await client.tombstoneStream(`gone-${signal}`);
        if (signal === 'SIGTERM') await client.appendToStream('repeated', event);
        before = await survey(client);
      });
      await session('SIGKILL', async (client) => {
        expect(await survey(client)).toEqual(before);
        await expect(client.appendToStream(`gone-${signal}`, counted(2))).rejects.toMatchObject({
          type: 'stream-deleted',
        });
        await expect(numbersOf(client.readStream(`deleted-${signal}`))).rejects.toMatchObject({
          type: 'stream-not-found',
        });
        // The ids of the newest events are known again.
        const again = await client.appendToStream('repeated', event);
        expect(again.nextExpectedRevision).toBe(0n);
      });
    }
  });

  it('without an index file, or with a damaged one, reads the segment instead', async () => {
    await session('SIGTERM', (client) => client.appendToStream('kept', [counted(1), counted(2)]));
    const indexFile = logFile().replace('.log', '.index');
    flipByte(indexFile, 80);
    await session('SIGTERM', async (client) =>
      expect(await numbersOf(client.readStream('kept'))).toEqual([1, 2]),
    );
    rmSync(indexFile);
    await session('SIGTERM', async (client) =>
      expect(await numbersOf(client.readStream('kept'))).toEqual([1, 2]),
    );
  });
});

describe('a damaged log', () => {
  it('whose last record is torn is cut there and goes on', async () => {
    await session('SIGKILL', async (client) => {
      for (let n = 0; n < 5; n += 1) await client.appendToStream('torn', [counted(n), counted(n)]);
    });
    truncateSync(logFile(), statSync(logFile()).size - 7);
    const store = await session('SIGKILL', async (client) => {
      expect(await numbersOf(client.readStream('torn'))).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
      const again = await client.appendToStream('torn', [counted(4), counted(4)], { expectedRevision: 7n });
      expect(again.nextExpectedRevision).toBe(9n);
    });
    expect(store.stderr()).toContain('never acknowledged');
    // Rubbish behind the last record is the same.
    appendFileSync(logFile(), Buffer.alloc(300, 0x5a));
    await session('SIGKILL', async (client) =>
      expect(await numbersOf(client.readStream('torn'))).toHaveLength(10),
    );
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'with a flipped byte in the middle is reported with its place and not opened (stopped by %s)',
    async (signal) => {
      const marker = randomUUID();
      await session(signal, async (client) => {
        for (let n = 0; n < 10; n += 1) {
          const type = n === 4 ? marker : 'Counted';
          await client.appendToStream('flipped', counted(n, type));
        }
      });
      const before = readFileSync(logFile());
      const at = offsetOf(marker);
      flipByte(logFile(), at + 5);
      const refused = await refusedStart();
      expect(refused.exitCode).toBe(3);
      expect(refused.stderr).toContain(logFile());
      const place = Number(/at byte (\d+)/.exec(refused.stderr)?.[1]);
      // The place is where the damaged record begins.
      expect(place).toBeLessThan(at);
      expect(at - place).toBeLessThan(400);
      expect(statSync(logFile()).size).toBe(before.length);
      flipByte(logFile(), at + 5);
      await session('SIGTERM', async (client) =>
        expect(await numbersOf(client.readStream('flipped'))).toHaveLength(10),
      );
    },
  );

  it('with a damaged length, a damaged header or a cut file is not opened', async () => {
    await session('SIGTERM', async (client) => {
      for (let n = 0; n < 5; n += 1) await client.appendToStream('damaged', counted(n));
    });
    const whole = readFileSync(logFile());
    flipByte(logFile(), 32 + 4);
    expect((await refusedStart()).exitCode).toBe(3);
    writeFileSync(logFile(), whole);
    flipByte(logFile(), 16);
    expect(await refusedStart()).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('at byte 0') });
    // Stopped in order, the store knew how much there was.
    writeFileSync(logFile(), whole.subarray(0, whole.length - 50));
    expect(await refusedStart()).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('ends before'),
    });
  });
});

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
        await client
          .appendToStream(`w-${writer}-${n}`, counted(n))
          .catch((error: unknown) => ((failures = [...failures, error]), (isOver = true)));
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
