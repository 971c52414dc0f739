import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { openBookmark, sealBookmark } from './resume-token.ts';

const KEY = [randomBytes(32)] as const;
const holder = { owner: 'anna', topic: 'jobs' };
const bookmark = { epoch: '0b6f2a52-30e5-4a5f-8c1b-6f0e27a7c001', position: 123_456_789_012_345_678n };

describe('a resume token', () => {
  it('opens to the bookmark it was made of', () => {
    expect(openBookmark(KEY, holder, sealBookmark(KEY, holder, bookmark))).toEqual(bookmark);
    expect(
      openBookmark(KEY, holder, sealBookmark(KEY, holder, { ...bookmark, position: -1n }))?.position,
    ).toBe(-1n);
  });

  it('is the same text for the same bookmark, so that a client can compare it', () => {
    expect(sealBookmark(KEY, holder, bookmark)).toBe(sealBookmark(KEY, holder, bookmark));
  });

  it('is worth nothing to another owner or for another topic [A-WS04]', () => {
    const token = sealBookmark(KEY, holder, bookmark);
    expect(openBookmark(KEY, { ...holder, owner: 'bert' }, token)).toBeNull();
    expect(openBookmark(KEY, { ...holder, topic: 'ops:jobs' }, token)).toBeNull();
    expect(openBookmark([randomBytes(32)], holder, token)).toBeNull();
  });

  it('still opens after a newer key was put in front of the one that signed it', () => {
    const token = sealBookmark(KEY, holder, bookmark);
    expect(openBookmark([randomBytes(32), ...KEY], holder, token)).toEqual(bookmark);
  });

  it('is worth nothing when any of its bytes was changed', () => {
    const token = sealBookmark(KEY, holder, bookmark);
    for (let at = 0; at < token.length; at += 1) {
      const changed = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
      expect(openBookmark(KEY, holder, changed)).toBeNull();
    }
  });

  it.each(['', 'x', '-1', '18446744073709551616', 'ä', ' ', '='.repeat(500), 'A'.repeat(500)])(
    'refuses %j without an exception',
    (text) => {
      expect(openBookmark(KEY, holder, text)).toBeNull();
    },
  );
});
