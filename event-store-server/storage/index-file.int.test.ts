import { randomUUID } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  appendTo,
  newDirectory,
  openSmallLog,
  submit,
  surveyOf,
} from '../../tests/rooms/event-store-server/log-in-process.ts';
import { readIndexFile } from './index-file.ts';
import { listSegments, segmentPath, type Segment } from './segment-files.ts';

let directory: string;
beforeEach(() => {
  directory = newDirectory();
});
afterEach(() => rmSync(directory, { recursive: true }));

const indexOf = (segment: Segment): string => segmentPath(directory, segment.base, 'index');

/** A log of several segments, stopped in order. */
async function fill(): Promise<Segment[]> {
  const log = openSmallLog(directory);
  for (let n = 0; n < 30; n += 1) await appendTo(log, `stream-${n % 4}`, 2);
  await submit(log, { kind: 'tombstone', stream: Buffer.from('stream-2') });
  await log.close();
  return listSegments(directory);
}

/** Rewrites an index file so that its own checksum is right again. */
function change(path: string, bytes: Buffer): void {
  bytes.writeUInt32LE(crc32(bytes.subarray(16)), 12);
  writeFileSync(path, bytes);
}

describe('an index file', () => {
  it('gives back what the index held of its segment alone, whatever segments come before it', async () => {
    const segments = await fill();
    expect(segments.length).toBeGreaterThan(4);
    for (const segment of segments) {
      const file = readIndexFile(indexOf(segment), segment);
      if (file.kind !== 'right') throw new Error(JSON.stringify(file));
      const positions = [...file.content.places].map((place) => segment.base + place);
      expect(positions.every((position) => position > segment.base && position < segment.end)).toBe(true);
      expect(file.through).toBe(segment.end);
    }
    const log = openSmallLog(directory);
    expect(surveyOf(log)).toHaveLength(61);
    expect(log.index.isTombstoned(log.index.streams.find(Buffer.from('stream-2')))).toBe(true);
    await log.close();
  });

  it('is refused when it is cut, changed, of another segment, of another format, or of another log', async () => {
    const [first, second] = (await fill()) as [Segment, Segment];
    const whole = readFileSync(indexOf(first));
    const kindOf = (bytes: Buffer, path = indexOf(first)): unknown => {
      writeFileSync(path, bytes);
      return readIndexFile(path, first).kind;
    };
    expect(kindOf(whole)).toBe('right');
    for (const length of [0, 10, 47, 48, whole.length - 1])
      expect(kindOf(whole.subarray(0, length))).toBe('refused');
    for (let at = 0; at < whole.length; at += 7) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] as number) ^ 4;
      expect(kindOf(changed)).toBe('refused');
    }
    copyFileSync(indexOf(second), indexOf(first));
    expect(readIndexFile(indexOf(first), first)).toMatchObject({ why: 'it belongs to another segment' });

    for (const version of [1, 2, 4]) {
      const older = Buffer.from(whole);
      older.writeUInt32LE(version, 8);
      change(indexOf(first), older);
      const why = `it has format version ${version}`;
      expect(readIndexFile(indexOf(first), first)).toMatchObject({ why });
    }

    const foreign = Buffer.from(whole);
    foreign.writeUInt32LE((foreign.readUInt32LE(44) ^ 1) >>> 0, 44);
    change(indexOf(first), foreign);
    expect(readIndexFile(indexOf(first), first)).toMatchObject({
      why: 'its events are not those of the segment',
    });
    rmSync(indexOf(first));
    expect(readIndexFile(indexOf(first), first)).toEqual({ kind: 'missing' });
  });

  it('is refused when it says less of its segment than its events', async () => {
    const [first] = (await fill()) as [Segment];
    const shorter = readFileSync(indexOf(first));
    shorter.writeUInt32LE(200, 24);
    change(indexOf(first), shorter);
    // Its later events lie outside of what it says it covers.
    expect(readIndexFile(indexOf(first), first)).toMatchObject({
      kind: 'refused',
      why: expect.stringContaining('does not lie in the segment'),
    });
  });

  it.each([
    ['330', 77],
    ['600', 350],
  ])(
    'takes less than 5 %% of the log, even where each event of %s bytes has a stream of its own',
    async (size, filler) => {
      const log = openSmallLog(directory, { segmentBytes: 1_000_000 });
      // A name for each event is the most that an index has to hold; jobs have six events or more.
      const events = 8_000;
      for (let n = 0; n < events; n += 20)
        await Promise.all(Array.from({ length: 20 }, () => appendTo(log, `job-${randomUUID()}`, 1, filler)));

      await log.close();
      const bytes = (kind: string): number =>
        readdirSync(directory)
          .filter((name) => name.endsWith(kind))
          .reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
      expect(Math.abs(bytes('.log') / events - Number(size))).toBeLessThan(8);
      expect(bytes('.index') / bytes('.log')).toBeLessThan(0.05);
    },
  );
});
