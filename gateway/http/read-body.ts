import type { IncomingMessage } from 'node:http';
import { Refusal } from '../protocol/refusal.ts';

/**
 * Reads a request's body into memory.
 * @param bytesMax the most bytes; a body with a larger declared length is refused before it is read
 * @throws Refusal `TOO_LARGE`, or `BAD_REQUEST` when the caller closes the connection
 */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const tooLarge = (): Refusal =>
    new Refusal('TOO_LARGE', `The file is larger than ${Math.floor(bytesMax / 1024 / 1024)} MB.`);
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > bytesMax) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal('BAD_REQUEST', 'The file did not arrive whole.', { cause: error });
  }
  return Buffer.concat(chunks, bytes);
}
