import { inflateSync } from 'node:zlib';

/** Bytes that one stream may unpack to here. pdfjs unpacks larger streams itself, under the child's memory limit. */
const OUTPUT_BYTES_MAX = 256 * 1024 * 1024;

/**
 * Replaces `DecompressionStream` where pdfjs unpacks a whole stream that it already holds. A child converts one
 * document at a time, so a thread gains nothing. The web stream around it costs more than the unpacking itself. Bytes
 * that cannot be unpacked (cut off, damaged) make the read fail. pdfjs then uses its own tolerant decoder.
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
