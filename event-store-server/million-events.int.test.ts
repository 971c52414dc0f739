import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  connectTo,
  counted,
  numbersOf,
  removeDirectory,
  spawnStore,
  temporaryDirectory,
  type SpawnedStore,
} from '../tests/rooms/event-store-server/spawned-store.ts';

const FILL = join(import.meta.dirname, '..', 'tests', 'rooms', 'event-store-server', 'fill-log.ts');
const EVENTS = 1_000_000;
const STREAMS = 100_000;
/**
 * The start is work and no waiting, so on a machine that is otherwise idle this is its duration; on one that is
 * not, the work is what can be promised. The duration is printed.
 */
const START_CPU_MS_MAX = 3000;
/** The kernel counts CPU time in these (USER_HZ is 100 on every Linux that Node runs on). */
const CLOCK_TICK_MS = 10;

let directory: string;
beforeAll(async () => {
  directory = temporaryDirectory();
  // A process of its own: inside Jest's sandbox Buffers take the slow ways.
  await promisify(execFile)(process.execPath, [FILL, directory, `${EVENTS}`, `${STREAMS}`]);
}, 300_000);
afterAll(() => removeDirectory(directory));

const residentMiB = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * CLOCK_TICK_MS;
}

/** Prints what the start took and returns its CPU time. */
function report(what: string, store: SpawnedStore): number {
  const startCpuMs = cpuMs(store.pid);
  const files = readdirSync(directory).filter((name) => name.endsWith('.log'));
  const megabytes = files.reduce((sum, name) => sum + statSync(join(directory, name)).size, 0) / 1e6;
  process.stdout.write(
    `${what}: ${EVENTS} events, ${megabytes.toFixed(0)} MB, ready after ${store.startMs.toFixed(0)} ms (CPU ${startCpuMs} ms), ${residentMiB(store.pid).toFixed(0)} MiB resident\n`,
  );
  return startCpuMs;
}

describe('a log of a million events', () => {
  it('is ready in under 3 s from the index snapshot, and everything is there', async () => {
    const store = await spawnStore(directory);
    const startCpuMs = report('Stopped in order', store);
    const client = connectTo(store.port);
    const first = await numbersOf(client.readStream('job-0'));
    const last = await numbersOf(client.readStream(`job-${STREAMS - 1}`));
    expect(first).toEqual(Array.from({ length: 10 }, (_, n) => n));
    expect(last.at(-1)).toBe(EVENTS - 1);
    expect(
      await numbersOf(client.readAll({ direction: 'backwards', fromPosition: 'end', maxCount: 2 })),
    ).toEqual([EVENTS - 1, EVENTS - 2]);
    const next = await client.appendToStream('job-7', counted(EVENTS), { expectedRevision: 9n });
    expect(next.nextExpectedRevision).toBe(10n);
    await client.dispose();
    await store.end('SIGKILL');
    expect(startCpuMs).toBeLessThan(START_CPU_MS_MAX);
  }, 120_000);

  it('is ready as fast after a SIGKILL: only the newest segment is read again', async () => {
    const store = await spawnStore(directory);
    const startCpuMs = report('Killed', store);
    const client = connectTo(store.port);
    expect((await numbersOf(client.readStream('job-7'))).at(-1)).toBe(EVENTS);
    await client.dispose();
    expect(await store.end('SIGTERM')).toBe(0);
    expect(startCpuMs).toBeLessThan(START_CPU_MS_MAX);
  }, 120_000);
});
