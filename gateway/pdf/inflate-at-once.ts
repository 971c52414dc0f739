import { inflateSync } from 'node:zlib';

/** Largest result in bytes; pdfjs unpacks what is larger by itself, under the child's memory cap. */
const OUTPUT_BYTES_MAX = 256 * 1024 * 1024;

/**
 * Stands in for `DecompressionStream` where pdfjs unpacks a whole stream that it already holds: a child converts one
 * document at a time, so nothing is won by a thread, and the web stream around it costs more than the unpacking.
 * Bytes that cannot be unpacked (cut off, damaged) make the reading fail, upon which pdfjs takes its own forgiving decoder.
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
