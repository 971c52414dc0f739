import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LogCorrupt } from './storage-errors.ts';
import { openGroupBytes } from './group-bytes.ts';
import { openClockSteps } from './clock-steps.ts';
import { openLogIndex } from './log-index.ts';
import { recover } from './recovery.ts';
import type { LoadedLog } from './segment-index.ts';
import { openSegmentFiles, segmentPath } from './segment-files.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'docket-recovery-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Writes groups of records, one event each, and returns the records' offsets by group. */
async function writeGroups(sizes: readonly number[]): Promise<number[][]> {
  const files = openSegmentFiles(directory, [], 4);
  const offsets: number[][] = [];
  let revision = 0;
  for (const size of sizes) {
    const group = openGroupBytes(files.end(), 1024);
    offsets.push(
      Array.from({ length: size }, () => {
        const at = files.end() + group.length();
        group.addRecord(() => {
          group.addEvent({
            id: '00000000-0000-4000-8000-000000000000',
            stream: Buffer.from('s'),
            revision,
            type: Buffer.from('T'),
            contentType: Buffer.from('application/json'),
            createdMs: 1,
            customMetadata: Buffer.alloc(0),
            content: Buffer.from('{}'),
          });
          revision += 1;
        });
        return at;
      }),
    );
    files.write(group.bytes());
    await new Promise<void>((resolve) => files.sync(group.bytes().length, () => resolve()));
  }
  files.close();
  return offsets;
}

const logPath = (): string => segmentPath(directory, 0, 'log');

function damage(at: number): void {
  const bytes = readFileSync(logPath());
  bytes[at] = (bytes[at] as number) ^ 1;
  writeFileSync(logPath(), bytes);
}

const emptyLog = (): LoadedLog => ({ index: openLogIndex(), clock: openClockSteps() });

describe('recovery', () => {
  it('cuts a bad record of the newest group, and what was written with it after it', async () => {
    const [, newest] = await writeGroups([2, 3]);
    damage((newest?.[1] as number) + 50);
    const log = emptyLog();
    // Record 2 of the newest group is whole, yet answered with the others of its group or not at all.
    const { cut } = recover(directory, log);
    expect([log.index.count(), cut?.byteOffset]).toEqual([3, newest?.[1]]);
    expect(readFileSync(logPath())).toHaveLength(newest?.[1] as number);
  });

  it('refuses a bad record that was durable when a later group was written, wherever in it the damage is', async () => {
    const [first] = await writeGroups([2, 1]);
    const at = first?.[1] as number;
    for (const byte of [0, 5, 9, 13, 17, 25, 40, 100]) {
      damage(at + byte);
      expect(() => recover(directory, emptyLog())).toThrow(LogCorrupt);
      expect(() => recover(directory, emptyLog())).toThrow(`at byte ${at}:`);
      damage(at + byte);
    }
    const log = emptyLog();
    expect([recover(directory, log).cut, log.index.count()]).toEqual([null, 3]);
  });

  it('cuts the log at any length to the records that are whole', async () => {
    const [offsets] = await writeGroups([3]);
    const whole = readFileSync(logPath());
    for (let length = whole.length; length > 32; length -= 13) {
      writeFileSync(logPath(), whole.subarray(0, length));
      const log = emptyLog();
      recover(directory, log);
      const ends = [...(offsets ?? []).slice(1), whole.length];
      expect(log.index.count()).toBe(ends.filter((end) => end <= length).length);
    }
  });

  it('refuses a segment that is missing from between two', async () => {
    const files = openSegmentFiles(directory, [], 4);
    const group = openGroupBytes(files.end(), 1024);
    for (let segment = 0; segment < 2; segment += 1) files.roll();
    files.close();
    expect(group.length()).toBe(0);
    rmSync(segmentPath(directory, 32, 'log'));
    expect(() => recover(directory, emptyLog())).toThrow('the log before it ends at position 32');
  });

  it('drops a segment file that a crash left without its header', async () => {
    await writeGroups([1]);
    const end = readFileSync(logPath()).length;
    writeFileSync(segmentPath(directory, end, 'log'), Buffer.alloc(7));
    const log = emptyLog();
    expect(recover(directory, log).segments).toHaveLength(1);
    expect(log.index.count()).toBe(1);
  });
});
