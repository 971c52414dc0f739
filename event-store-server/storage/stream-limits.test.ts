import { describe, expect, it } from '@jest/globals';
import { NO_LIMITS, readStreamLimits, withTruncateBefore } from './stream-limits.ts';

describe('the limits in stream metadata', () => {
  it('are read, and what cannot be understood does not limit', () => {
    const read = (text: string) => readStreamLimits(Buffer.from(text));
    expect(read('{"$maxCount":3,"$maxAge":60,"$tb":7}')).toEqual({
      maxCount: 3,
      maxAgeMs: 60_000,
      truncateBefore: 7,
      isSoftDeleted: false,
    });
    for (const text of ['', 'x', '[]', 'null', '{}', '{"$maxCount":0,"$maxAge":"1","$tb":-1}'])
      expect(read(text)).toEqual(NO_LIMITS);
    expect(read('{"$tb":9223372036854775807}').isSoftDeleted).toBe(true);
  });

  it('keep everything else when a stream is deleted, and the largest int64 to the last digit', () => {
    const content = withTruncateBefore(
      Buffer.from('{"owner":"o","$tb":4,"$maxCount":2}'),
      'deleted',
    ).toString();
    expect(content).toBe('{"$tb":9223372036854775807,"owner":"o","$maxCount":2}');
    expect(withTruncateBefore(null, 5).toString()).toBe('{"$tb":5}');
  });
});
