import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { ArchiveDamaged } from './archive-errors.ts';

/**
 * An encrypted file is a header of 40 bytes (`DOCKETE1`, a random salt of 32) and chunks of AES-256-GCM. Each chunk
 * is 64 KiB of plain text and a tag of 16 bytes; the last may be shorter. The key of a file is derived from the
 * master key, the salt and the file's name, so one file cannot replace another. The nonce is the number of the chunk
 * and a last byte, which is 1 only for the last chunk. So decryption fails when a chunk is missing, moved or cut (the
 * STREAM construction).
 */
const MAGIC = Buffer.from('DOCKETE1');
const SALT_BYTES = 32;
const CHUNK_BYTES = 64 * 1024;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';

export type MasterKey = Buffer;

export function encrypted(source: Readable, key: MasterKey, name: string): Readable {
  return Readable.from(encryptedChunks(source, key, name), { objectMode: false });
}

/**
 * Decrypts a stream.
 * @throws ArchiveDamaged as an error of the stream, when a byte, the order, the length or the name has changed
 */
export function decrypted(source: Readable, key: MasterKey, name: string): Readable {
  return Readable.from(decryptedChunks(source, key, name), { objectMode: false });
}

async function* encryptedChunks(source: Readable, key: MasterKey, name: string): AsyncGenerator<Buffer> {
  const salt = randomBytes(SALT_BYTES);
  yield Buffer.concat([MAGIC, salt]);
  const fileKey = keyOf(key, salt, name);
  let number = 0;
  for await (const { chunk, isLast } of inChunks(source, CHUNK_BYTES)) {
    const cipher = createCipheriv(CIPHER, fileKey, nonceOf(number, isLast));
    yield Buffer.concat([cipher.update(chunk), cipher.final(), cipher.getAuthTag()]);
    number += 1;
  }
}

async function* decryptedChunks(source: Readable, key: MasterKey, name: string): AsyncGenerator<Buffer> {
  let fileKey: Buffer | null = null;
  let number = 0;
  const head: Buffer[] = [];
  const body = async function* (): AsyncGenerator<Buffer> {
    let missing = MAGIC.length + SALT_BYTES;
    for await (const piece of source as AsyncIterable<Buffer>)
      if (missing === 0) yield piece;
      else {
        head.push(piece.subarray(0, missing));
        const rest = piece.subarray(missing);
        missing -= Math.min(missing, piece.length);
        if (rest.length > 0) yield rest;
      }
  };
  for await (const { chunk, isLast } of inChunks(body(), CHUNK_BYTES + TAG_BYTES)) {
    fileKey ??= keyOf(key, saltOf(head, name), name);
    yield opened(chunk, fileKey, nonceOf(number, isLast), name);
    number += 1;
  }
}

function saltOf(head: readonly Buffer[], name: string): Buffer {
  const header = Buffer.concat(head);
  if (header.length !== MAGIC.length + SALT_BYTES || !header.subarray(0, MAGIC.length).equals(MAGIC))
    throw new ArchiveDamaged(name, 'it is not an encrypted file of a backup');
  return header.subarray(MAGIC.length);
}

function opened(chunk: Buffer, key: Buffer, nonce: Buffer, name: string): Buffer {
  if (chunk.length < TAG_BYTES) throw new ArchiveDamaged(name, 'it was cut');
  const decipher = createDecipheriv(CIPHER, key, nonce);
  decipher.setAuthTag(chunk.subarray(chunk.length - TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(chunk.subarray(0, chunk.length - TAG_BYTES)), decipher.final()]);
  } catch (error) {
    throw new ArchiveDamaged(name, 'it was changed, cut, or written with another key', { cause: error });
  }
}

/**
 * Splits a source into pieces of exactly `bytes`; the last piece may be shorter. An empty source gives one empty last
 * piece.
 */
async function* inChunks(
  source: AsyncIterable<Buffer>,
  bytes: number,
): AsyncGenerator<{ chunk: Buffer; isLast: boolean }> {
  let waiting: Buffer[] = [];
  let length = 0;
  for await (const piece of source) {
    waiting.push(piece);
    length += piece.length;
    if (length <= bytes) continue;
    let whole = Buffer.concat(waiting);
    // A piece is certainly not the last one when at least one more byte follows.
    for (; whole.length > bytes; whole = whole.subarray(bytes))
      yield { chunk: whole.subarray(0, bytes), isLast: false };
    waiting = [whole];
    length = whole.length;
  }
  yield { chunk: Buffer.concat(waiting), isLast: true };
}

function keyOf(master: MasterKey, salt: Buffer, name: string): Buffer {
  return Buffer.from(hkdfSync('sha256', master, salt, `docket-backup-file:${name}`, 32));
}

function nonceOf(number: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(number, 5, 6);
  nonce[11] = isLast ? 1 : 0;
  return nonce;
}
