import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { CodedError } from '../../schemas/errors/coded-error.ts';
import { sha256Of } from '../../schemas/sha256.ts';

const FILES_MAX = 2_000;
const BYTES_MAX = 64 * 1024 * 1024;
const BROTLI_QUALITY = 9;
/** Smaller bodies are not compressed, because they would not become much smaller. */
const COMPRESS_FROM_BYTES = 512;
/** Length of an ETag, from the hash of a file. 128 bits tell two versions apart. */
const ETAG_CHARS = 32;

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
};
const COMPRESSIBLE = /^(text\/|application\/(json|manifest|wasm)|image\/svg)/;

export type Encoding = 'br' | 'gzip' | 'identity';

/** The web app cannot be served. */
export class WebAppMissing extends CodedError {
  readonly code = 'WEB_APP_MISSING';

  constructor(directory: string, options?: ErrorOptions) {
    super(`There is no built web app in ${directory}: index.html is missing.`, options);
  }
}

/**
 * Reads the built web app into memory, by address. Only files in this list are served, so no address can reach a file
 * outside the folder.
 * @throws WebAppMissing, or an error when the folder is larger than a build of the web app can be
 */
export async function loadWebFiles(directory: string): Promise<ReadonlyMap<string, WebFile>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(
    (error: unknown) => {
      throw new WebAppMissing(directory, { cause: error });
    },
  );
  const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.'));
  if (files.length > FILES_MAX) throw new Error(`The web app has more than ${FILES_MAX} files.`);
  const loaded = new Map<string, WebFile>();
  let bytes = 0;
  for (const file of files) {
    const path = join(file.parentPath, file.name);
    const content = await readFile(path);
    bytes += content.length;
    if (bytes > BYTES_MAX) throw new Error(`The web app is larger than ${BYTES_MAX} bytes.`);
    loaded.set(`/${relative(directory, path).split(sep).join('/')}`, webFile(path, content));
  }
  if (!loaded.has('/index.html')) throw new WebAppMissing(directory);
  return loaded;
}

function webFile(path: string, content: Buffer) {
  const mediaType = MEDIA_TYPES[extname(path)] ?? 'application/octet-stream';
  const isCompressible = COMPRESSIBLE.test(mediaType) && content.length >= COMPRESS_FROM_BYTES;
  const made = new Map<Encoding, Promise<Buffer>>([['identity', Promise.resolve(content)]]);
  return {
    mediaType,
    /** True when the name contains a hash of the content, so that caches may keep the file for ever. */
    immutable: /-[A-Za-z0-9_-]{8}\.[a-z0-9]+$/.test(path) && path.split(sep).includes('assets'),
    etag: `"${sha256Of(content).slice(0, ETAG_CHARS)}"`,
    encodings: isCompressible ? ['br', 'gzip', 'identity'] : ['identity'],
    /** Compresses the file once, at the first request. */
    body: (encoding: Encoding) => {
      const body = made.get(encoding) ?? compressed(encoding, content);
      made.set(encoding, body);
      return body;
    },
  };
}
export type WebFile = ReturnType<typeof webFile>;

function compressed(encoding: Encoding, content: Buffer): Promise<Buffer> {
  if (encoding === 'gzip') return promisify(gzip)(content, { level: constants.Z_BEST_COMPRESSION });
  return promisify(brotliCompress)(content, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
    },
  });
}
