import { createHash, hash } from 'node:crypto';

/** Returns the SHA-256 of bytes, or of the UTF-8 of a text, in lower-case hex: 64 characters. */
export const sha256Of = (content: Uint8Array | string): string => hash('sha256', content, 'hex');

/**
 * Returns the SHA-256 of all chunks together, in lower-case hex, and the number of bytes.
 * @throws the error of reading the chunks
 */
export async function sha256OfChunks(
  chunks: AsyncIterable<unknown>,
): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const hashed = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks as AsyncIterable<Uint8Array>) {
    hashed.update(chunk);
    bytes += chunk.length;
  }
  return { sha256: hashed.digest('hex'), bytes };
}
