import { createHash } from 'node:crypto';

/** Passes chunks on. After the last chunk, returns the hash and the length of all chunks. */
export function hashing(source: AsyncIterable<unknown>): {
  readonly chunks: AsyncGenerator<Buffer>;
  readonly result: () => { readonly sha256: string; readonly bytes: number };
} {
  const hash = createHash('sha256');
  let bytes = 0;
  async function* chunks(): AsyncGenerator<Buffer> {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  }
  return { chunks: chunks(), result: () => ({ sha256: hash.digest('hex'), bytes }) };
}
