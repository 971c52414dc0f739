import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { decrypted, encrypted } from './encryption.ts';

const key = randomBytes(32);
const CHUNK = 64 * 1024;
const STORED_CHUNK = CHUNK + 16;
const HEADER = 40;

const inPieces = (content: Buffer, bytes: number): Readable =>
  Readable.from(
    Array.from({ length: Math.ceil(content.length / bytes) }, (_, at) =>
      content.subarray(at * bytes, (at + 1) * bytes),
    ),
    { objectMode: false },
  );
const seal = (content: Buffer, name = 'a', piece = 10_007): Promise<Buffer> =>
  buffer(encrypted(inPieces(content, piece), key, name));
const open = (content: Buffer, name = 'a', under = key): Promise<Buffer> =>
  buffer(decrypted(inPieces(content, 33_333), under, name));

describe('an encrypted file', () => {
  it.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5])(
    'of %d bytes is read as it was written',
    async (bytes) => {
      const content = randomBytes(bytes);
      const stored = await seal(content);
      expect((await open(stored)).equals(content)).toBe(true);
      expect(stored.length).toBe(HEADER + bytes + 16 * Math.max(1, Math.ceil(bytes / CHUNK)));
    },
  );

  const content = randomBytes(3 * CHUNK + 5);
  const chunk = (stored: Buffer, at: number): Buffer =>
    stored.subarray(HEADER + at * STORED_CHUNK, HEADER + (at + 1) * STORED_CHUNK);
  const withBitChanged = (stored: Buffer, at: number): Buffer => {
    stored.writeUInt8(stored[at]! ^ 1, at);
    return stored;
  };
  it.each([
    ['one bit changed', (stored: Buffer) => withBitChanged(stored, 70_000)],
    ['the salt changed', (stored: Buffer) => withBitChanged(stored, 12)],
    ['its last chunk gone', (stored: Buffer) => stored.subarray(0, HEADER + 3 * STORED_CHUNK)],
    ['a few bytes cut', (stored: Buffer) => stored.subarray(0, -3)],
    ['everything cut but the header', (stored: Buffer) => stored.subarray(0, HEADER)],
    ['nothing left', (stored: Buffer) => stored.subarray(0, 0)],
    [
      'a chunk twice',
      (stored: Buffer) =>
        Buffer.concat([
          stored.subarray(0, HEADER + STORED_CHUNK),
          chunk(stored, 0),
          stored.subarray(HEADER + STORED_CHUNK),
        ]),
    ],
    [
      'two chunks in the other order',
      (stored: Buffer) =>
        Buffer.concat([
          stored.subarray(0, HEADER),
          chunk(stored, 1),
          chunk(stored, 0),
          stored.subarray(HEADER + 2 * STORED_CHUNK),
        ]),
    ],
  ])('with %s is refused', async (_what, damage) => {
    await expect(open(damage(await seal(content)))).rejects.toMatchObject({ code: 'ARCHIVE_DAMAGED' });
  });

  it('cannot be read under another name or with another key', async () => {
    const stored = await seal(content, 'blobs/one');
    await expect(open(stored, 'blobs/two')).rejects.toMatchObject({ code: 'ARCHIVE_DAMAGED' });
    await expect(open(stored, 'blobs/one', randomBytes(32))).rejects.toMatchObject({
      code: 'ARCHIVE_DAMAGED',
    });
  });
});
