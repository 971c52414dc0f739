import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { encodeIndex, loadIndex, markIndex } from './index-file.ts';
import { openLogIndex, type LogIndex } from './log-index.ts';

const contentOf = (index: LogIndex): unknown[] =>
  Array.from({ length: index.count() }, (_, ordinal) => [
    index.positionOf(ordinal),
    index.streams.name(index.streamOf(ordinal)).toString(),
    index.types.name(index.typeOf(ordinal)).toString(),
    index.isTombstone(ordinal),
  ]);

describe('an index file', () => {
  it('gives back what the index held of its segment, and nothing when it is damaged or does not follow', () => {
    const directory = mkdtempSync(join(tmpdir(), 'docket-index-'));
    const index = openLogIndex();
    const add = (stream: string, type: string, position: number, isTombstone = false): void =>
      index.add(
        index.streams.intern(Buffer.from(stream)),
        index.types.intern(Buffer.from(type)),
        position,
        isTombstone,
      );
    const first = markIndex(index);
    add('a', 'T', 64);
    add('b', 'U', 164);
    const second = markIndex(index);
    add('a', 'V', 1100);
    add('b', '$streamDeleted', 1200, true);
    const files = [
      encodeIndex(index, 0, 1000, first, second),
      encodeIndex(index, 1000, 1300, second, markIndex(index)),
    ];
    files.forEach((bytes, place) => writeFileSync(join(directory, `${place}`), bytes));

    const loaded = openLogIndex();
    expect(loadIndex(join(directory, '1'), 1000, loaded)).toBeNull();
    expect(loadIndex(join(directory, '0'), 0, loaded)).toBe(1000);
    expect(loadIndex(join(directory, '1'), 1000, loaded)).toBe(1300);
    expect(contentOf(loaded)).toEqual(contentOf(index));
    expect([loaded.eventsOf(0), loaded.eventsOf(1), loaded.isTombstoned(1), loaded.revisionOf(2)]).toEqual([
      2,
      1,
      true,
      1,
    ]);

    const damaged = Buffer.from(files[0] as Buffer);
    damaged[70] = (damaged[70] as number) ^ 1;
    writeFileSync(join(directory, 'damaged'), damaged);
    expect(loadIndex(join(directory, 'damaged'), 0, openLogIndex())).toBeNull();
    expect(loadIndex(join(directory, 'missing'), 0, openLogIndex())).toBeNull();
    rmSync(directory, { recursive: true });
  });
});
