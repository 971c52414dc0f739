import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { PutOptions, Written } from './blob-store.ts';
import { BlobTooLarge } from './blob-errors.ts';

/** Bytes of one write. A put holds twice as many bytes in memory, because one write may be in progress. */
const GATHER_BYTES_MAX = 256 * 1024;

/**
 * Reads `source` to its end, hashes and counts the bytes, and passes them to `write` in batches, one at a time. It
 * uses plain 'data' events, because an async iterator takes more time for a chunk than the hash, and cannot be ended
 * while it waits. It pauses the source and never destroys it.
 */
export function readHashed(
  source: Readable,
  write: (batch: Buffer[]) => Promise<void>,
  options: Pick<PutOptions, 'maxBytes' | 'inspect' | 'signal'>,
): Promise<Written> {
  const { maxBytes, inspect, signal } = options;
  const hash = createHash('sha256');
  let bytes = 0;
  let gatheredBytes = 0;
  let ended = false;
  let writing = false;
  let settled = false;
  let gathered: Buffer[] = [];

  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      if (settled) return;
      settled = true;
      source.off('data', onData).off('end', onEnd).off('close', onClose).pause();
      // The error listener is not removed, because a source that fails later must not end the process.
      signal?.removeEventListener('abort', onAbort);
      finish();
    };
    // The put rejects with the unchanged reason of the signal or the source.
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    const fail = (cause: unknown): void => settle(() => reject(cause));
    const onAbort = (): void => fail(signal?.reason);

    const writeNext = (): void => {
      if (writing || settled) return;
      if (gatheredBytes === 0 && ended) return settle(() => resolve({ bytes, sha256: hash.digest('hex') }));
      if (gatheredBytes < GATHER_BYTES_MAX && !ended) return;
      const batch = gathered;
      gathered = [];
      gatheredBytes = 0;
      writing = true;
      if (!ended && source.isPaused()) source.resume();
      write(batch).then(() => {
        writing = false;
        writeNext();
      }, fail);
    };
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > maxBytes) return fail(new BlobTooLarge(maxBytes));
      try {
        inspect?.(chunk);
      } catch (error) {
        return fail(error);
      }
      hash.update(chunk);
      gathered.push(chunk);
      gatheredBytes += chunk.length;
      if (gatheredBytes < GATHER_BYTES_MAX) return;
      if (writing) source.pause();
      else writeNext();
    };
    const onEnd = (): void => {
      ended = true;
      writeNext();
    };
    const onClose = (): void => {
      if (!ended) fail(source.errored ?? new Error('The source ended before its last byte.'));
    };

    source.on('error', fail);
    if (signal?.aborted) return onAbort();
    if (source.destroyed || source.readableEnded) return onClose();
    signal?.addEventListener('abort', onAbort, { once: true });
    source.on('end', onEnd).on('close', onClose).on('data', onData);
    source.resume();
  });
}
