import { inflateSync } from 'node:zlib';

/** The most unpacked bytes of one stream. pdfjs unpacks larger streams itself, within the child's memory limit. */
const OUTPUT_BYTES_MAX = 256 * 1024 * 1024;

/**
 * Replaces `DecompressionStream` when pdfjs unpacks a whole stream that is already in memory. A child converts one
 * document at a time, so another thread would save no time. The web stream around it takes more time than the
 * unpacking itself. Bytes that cannot be unpacked (cut off, damaged) make the read fail. pdfjs then uses its own
 * tolerant decoder.
 */
export function inflateAtOnce(format: string): {
  writable: { getWriter(): object };
  readable: AsyncIterable<Uint8Array>;
} {
  const input = Promise.withResolvers<Uint8Array>();
  const writer = {
    ready: Promise.resolve(),
    write: (bytes: Uint8Array): Promise<void> => {
      input.resolve(bytes);
      return Promise.resolve();
    },
    close: (): Promise<void> => Promise.resolve(),
  };
  return {
    writable: { getWriter: () => writer },
    readable: {
      async *[Symbol.asyncIterator]() {
        if (format !== 'deflate') throw new TypeError(`${format} is not unpacked here`);
        yield inflateSync(await input.promise, { maxOutputLength: OUTPUT_BYTES_MAX });
      },
    },
  };
}
