import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LogCorrupt } from '../errors.ts';
import { openGroupBytes } from './group-bytes.ts';
import { openLogIndex } from './log-index.ts';
import { recover } from './recovery.ts';
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
  for (const size of sizes) {
    const group = openGroupBytes(files.end(), 1024);
    offsets.push(
      Array.from({ length: size }, () => {
        const at = files.end() + group.length();
        group.addRecord(() => {
          group.addEvent({
            id: '00000000-0000-4000-8000-000000000000',
            stream: Buffer.from('s'),
            revision: 0,
            type: Buffer.from('T'),
            contentType: Buffer.from('application/json'),
            createdMs: 1,
            customMetadata: Buffer.alloc(0),
            content: Buffer.from('{}'),
          });
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

describe('recovery', () => {
  it('cuts a bad record of the newest group, and what was written with it after it', async () => {
    const [, newest] = await writeGroups([2, 3]);
    damage((newest?.[1] as number) + 50);
    const index = openLogIndex();
    // Record 2 of the newest group is whole, yet never acknowledged: its group was one write and one sync.
    const { tornBytes } = recover(directory, index);
    expect([index.count(), tornBytes > 0]).toEqual([3, true]);
    expect(readFileSync(logPath())).toHaveLength(newest?.[1] as number);
  });

  it('refuses a bad record that was durable when a later group was written, wherever in it the damage is', async () => {
    const [first] = await writeGroups([2, 1]);
    const at = first?.[1] as number;
    for (const byte of [0, 5, 9, 13, 17, 25, 40, 100]) {
      damage(at + byte);
      expect(() => recover(directory, openLogIndex())).toThrow(LogCorrupt);
      expect(() => recover(directory, openLogIndex())).toThrow(`at byte ${at}:`);
      damage(at + byte);
    }
    const index = openLogIndex();
    expect([recover(directory, index).tornBytes, index.count()]).toEqual([0, 3]);
  });

  it('cuts the log at any length to the records that are whole', async () => {
    const [offsets] = await writeGroups([3]);
    const whole = readFileSync(logPath());
    for (let length = whole.length; length > 32; length -= 13) {
      writeFileSync(logPath(), whole.subarray(0, length));
      const index = openLogIndex();
      recover(directory, index);
      const ends = [...(offsets ?? []).slice(1), whole.length];
      expect(index.count()).toBe(ends.filter((end) => end <= length).length);
    }
  });

  it('refuses a segment that is missing from between two', async () => {
    const files = openSegmentFiles(directory, [], 4);
    const group = openGroupBytes(files.end(), 1024);
    for (let segment = 0; segment < 2; segment += 1) files.roll();
    files.close();
    expect(group.length()).toBe(0);
    rmSync(segmentPath(directory, 32, 'log'));
    expect(() => recover(directory, openLogIndex())).toThrow('the log before it ends at position 32');
  });

  it('drops a segment file that a crash left without its header', async () => {
    await writeGroups([1]);
    const end = readFileSync(logPath()).length;
    writeFileSync(segmentPath(directory, end, 'log'), Buffer.alloc(7));
    const index = openLogIndex();
    expect(recover(directory, index).segments).toHaveLength(1);
    expect(index.count()).toBe(1);
  });
});
