import { copyFileSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import {
  appendTo,
  killedCopyOf,
  newDirectory,
  openSmallLog,
  surveyOf,
} from '../../tests/rooms/event-store-server/log-in-process.ts';
import type { Log } from './open-log.ts';
import { writeU64 } from './record.ts';
import { listSegments, segmentPath, type Segment } from './segment-files.ts';

// Generous: hundreds of starts, each with its syncs, on a machine that may have much else to do.
jest.setTimeout(300_000);

const POLL_MS = 10;

const directories: string[] = [];
const tracked = (directory: string): string => {
  directories.push(directory);
  return directory;
};
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

/** What becomes of one index file, chosen among those there are. */
const harm = fc.record({
  which: fc.nat({ max: 1000 }),
  how: fc.constantFrom('lost', 'cut', 'changed', 'swapped', 'older-format'),
  where: fc.nat({ max: 1_000_000 }),
});
type Harm = typeof harm extends fc.Arbitrary<infer T> ? T : never;

/** Appends so many times, then stops as it says, then loses and damages index files. */
const life = fc.record({
  appends: fc.array(fc.record({ stream: fc.nat({ max: 5 }), events: fc.integer({ min: 1, max: 4 }) }), {
    maxLength: 12,
  }),
  end: fc.constantFrom('killed', 'killed-at-an-answer', 'stopped'),
  harms: fc.array(harm, { maxLength: 4 }),
});

function indexFilesOf(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.index'))
    .sort()
    .map((name) => join(directory, name));
}

function doHarm(directory: string, { which, how, where }: Harm): void {
  const files = indexFilesOf(directory);
  const file = files[which % Math.max(1, files.length)];
  if (file === undefined) return;
  const bytes = readFileSync(file);
  if (how === 'lost' || bytes.length === 0) rmSync(file);
  else if (how === 'cut') truncateSync(file, where % bytes.length);
  else if (how === 'swapped') copyFileSync(files[where % files.length] as string, file);
  else if (how === 'older-format') writeFileSync(file, olderIndexFile(directory, file));
  else {
    const at = where % bytes.length;
    bytes[at] = (bytes[at] as number) ^ (1 << (where % 8));
    writeFileSync(file, bytes);
  }
}

/**
 * An index file of format 1 as the store of before wrote it at a start: its own checksum right, and the events of all
 * later segments in it.
 */
function olderIndexFile(directory: string, path: string): Buffer {
  const segment = listSegments(directory).find(
    ({ base }) => segmentPath(directory, base, 'index') === path,
  ) as Segment;
  const names = [Buffer.from('stream-0'), Buffer.from('Type0')];
  const columns = Uint32Array.from([64, 1_000, 5_000, 9_000, 0, 0, 0, 0, 0, 0, 0, 0, 8, 5]);
  const header = Buffer.alloc(64);
  header.write('DOCKETIX');
  header.writeUInt32LE(1, 8);
  writeU64(header, segment.base, 16);
  writeU64(header, segment.end, 24);
  [4, 0, 1, 0, 1].forEach((count, place) => header.writeUInt32LE(count, 40 + 4 * place));
  const bytes = Buffer.concat([header, Buffer.from(columns.buffer), ...names]);
  bytes.writeUInt32LE(crc32(bytes.subarray(16)), 12);
  return bytes;
}

/** Lives one life on a folder; returns the folder as its end left it, and what the log held. */
async function live(
  directory: string,
  {
    appends,
    end,
    harms,
  }: { appends: readonly { stream: number; events: number }[] } & Record<'end', string> & {
      harms: readonly Harm[];
    },
  check: (log: Log) => void,
): Promise<{ directory: string; survey: ReturnType<typeof surveyOf> }> {
  const log = openSmallLog(directory);
  check(log);
  let copy: string | null = null;
  for (const [place, { stream, events }] of appends.entries()) {
    await appendTo(log, `stream-${stream}`, events);
    // A roll-over begins to write an index file; the kill comes before it is there, or in the middle of it.
    if (end === 'killed-at-an-answer' && place === appends.length - 1) copy = killedCopyOf(directory);
  }
  if (end === 'killed') {
    await new Promise((resolve) => setImmediate(resolve));
    copy = killedCopyOf(directory);
  }
  const survey = surveyOf(log);
  await log.close();
  expect([log.notices, log.failures]).toEqual([[], []]);
  const left = copy === null ? directory : tracked(copy);
  for (const each of harms) doHarm(left, each);
  return { directory: left, survey };
}

/** Polls until it is so; the test's own time limit ends it. */
async function eventually(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(POLL_MS);
}

describe('index files that are lost, cut, changed, swapped or of an older format', () => {
  it('never change the log: after any number of starts and kills each event is there once, in its place', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 2, maxLength: 6 }), async (lives) => {
        let directory = tracked(newDirectory());
        let expected: ReturnType<typeof surveyOf> = [];
        for (const each of lives) {
          const before = expected;
          ({ directory, survey: expected } = await live(directory, each, (log) =>
            expect(surveyOf(log)).toEqual(before),
          ));
        }
        const last = openSmallLog(directory);
        expect(surveyOf(last)).toEqual(expected);
        await last.close();
      }),
      { numRuns: 60 },
    );
  });

  it('are made again at a start, each for its own segment, and make the next start as good as new', async () => {
    const directory = tracked(newDirectory());
    const first = openSmallLog(directory);
    for (let n = 0; n < 60; n += 1) await appendTo(first, `stream-${n % 7}`, 3);
    const expected = surveyOf(first);
    await first.close();
    const bytesOf = (): Buffer[] => indexFilesOf(directory).map((file) => readFileSync(file));
    const whole = bytesOf();
    expect(whole.length).toBeGreaterThan(10);
    for (const file of indexFilesOf(directory)) rmSync(file);
    for (let start = 0; start < 3; start += 1) {
      const log = openSmallLog(directory);
      expect(surveyOf(log)).toEqual(expected);
      // A stop leaves to the next start what it cannot write in time; the newest segment's file is written by the stop.
      await eventually(() => indexFilesOf(directory).length >= whole.length - 1);
      await log.close();
      expect(bytesOf()).toEqual(whole);
    }
  });

  it('of the store of before, with events of later segments in them, are thrown away', async () => {
    let directory = tracked(newDirectory());
    const first = openSmallLog(directory);
    for (let n = 0; n < 40; n += 1) await appendTo(first, `stream-${n % 7}`, 3);
    const expected = surveyOf(first);
    await first.close();
    for (const file of indexFilesOf(directory)) writeFileSync(file, olderIndexFile(directory, file));
    for (let start = 0; start < 3; start += 1) {
      const log = openSmallLog(directory);
      expect(surveyOf(log)).toEqual(expected);
      directory = tracked(killedCopyOf(directory));
      await log.close();
    }
  });
});
