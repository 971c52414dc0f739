import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataFolder, closeToOthers } from './data-folder.ts';

let outer: string;
let folder: string;
const modeOf = (...path: string[]): string => (statSync(join(folder, ...path)).mode & 0o7777).toString(8);

/** A folder with a mode, whatever the umask. */
function makeFolder(path: string, mode: number): void {
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
}

function makeFile(path: string, mode: number): void {
  writeFileSync(path, 'x');
  chmodSync(path, mode);
}

beforeEach(() => {
  outer = mkdtempSync(join(tmpdir(), 'docket-close-'));
  folder = join(outer, 'data');
  makeFolder(folder, 0o755);
});
afterEach(() => rmSync(outer, { recursive: true, force: true }));

describe('a data folder that is there already', () => {
  it('is closed to group and others with all that an older Docket left in it', () => {
    makeFolder(join(folder, 'event-store'), 0o755);
    makeFile(join(folder, 'event-store', '0.log'), 0o644);
    makeFolder(join(folder, 'blobs', 'sources'), 0o775);
    makeFile(join(folder, 'session-keys'), 0o666);
    openDataFolder(folder).release();
    expect(modeOf()).toBe('700');
    expect(modeOf('event-store')).toBe('700');
    expect(modeOf('event-store', '0.log')).toBe('600');
    expect(modeOf('blobs', 'sources')).toBe('700');
    expect(modeOf('session-keys')).toBe('600');
  });

  it('gives its owner no right that was not there', () => {
    makeFolder(join(folder, 'blobs'), 0o555);
    expect(closeToOthers(folder)).toEqual([]);
    expect(modeOf('blobs')).toBe('500');
  });

  it('is not left by a link', () => {
    const elsewhere = join(outer, 'elsewhere');
    makeFolder(elsewhere, 0o755);
    makeFile(join(elsewhere, 'file'), 0o644);
    symlinkSync(elsewhere, join(folder, 'blobs'));
    closeToOthers(folder);
    expect((statSync(elsewhere).mode & 0o777).toString(8)).toBe('755');
    expect((statSync(join(elsewhere, 'file')).mode & 0o777).toString(8)).toBe('644');
  });

  it('keeps its own mode when it holds more than Docket’s files, and a sentence says so', () => {
    makeFile(join(folder, 'letter.txt'), 0o644);
    makeFolder(join(folder, 'event-store'), 0o755);
    expect(closeToOthers(folder)).toEqual([expect.stringContaining('Set DATA_DIR=... to a folder')]);
    expect([modeOf(), modeOf('letter.txt'), modeOf('event-store')]).toEqual(['755', '644', '700']);
  });
});
