import { describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { BlobCorrupt, checkedBytes } from './result-delivery.ts';
import { sha256Of } from '../../schemas/sha256.ts';

const chunks = ['one', 'two', 'three'].map((text) => Buffer.from(text));
const whole = Buffer.concat(chunks);
const expected = {
  blobKey: 'results/x/1',
  bytes: whole.length,
  sha256: sha256Of(whole),
};

async function deliver(source: readonly Buffer[]): Promise<{ bytes: string; error: unknown }> {
  let bytes = '';
  try {
    for await (const chunk of checkedBytes(Readable.from(source), expected)) bytes += chunk.toString();
    return { bytes, error: null };
  } catch (error) {
    return { bytes, error };
  }
}

describe('checked bytes', () => {
  it('pass right bytes on, all of them', async () => {
    expect(await deliver(chunks)).toEqual({ bytes: 'onetwothree', error: null });
  });

  it('never deliver as many bytes as promised when one of them is wrong [A-FS03][I13]', async () => {
    for (let at = 0; at < whole.length; at += 1) {
      const flipped = Buffer.from(whole);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      const { bytes, error } = await deliver([flipped.subarray(0, 4), flipped.subarray(4)]);
      expect(error).toBeInstanceOf(BlobCorrupt);
      expect(bytes.length).toBeLessThan(whole.length);
    }
  });

  it('refuse a file that is cut short, one that is longer, and one that is empty', async () => {
    expect((await deliver(chunks.slice(0, 2))).error).toBeInstanceOf(BlobCorrupt);
    expect((await deliver([...chunks, Buffer.from('!')])).error).toBeInstanceOf(BlobCorrupt);
    expect((await deliver([])).error).toBeInstanceOf(BlobCorrupt);
  });
});
