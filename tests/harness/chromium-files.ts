import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { brotliDecompress, createBrotliDecompress } from 'node:zlib';

const REPOSITORY = join(import.meta.dirname, '..', '..');
const PACKAGE = join(REPOSITORY, 'node_modules', '@sparticuz', 'chromium');

/** The path of the unpacked browser. */
export interface ChromiumFiles {
  readonly executable: string;
  /** For `LD_LIBRARY_PATH`: the shared libraries that a bare machine lacks. */
  readonly libraries: string;
  /** For `FONTCONFIG_FILE`. */
  readonly fontsConf: string;
}

/**
 * Unpacks the browser of `@sparticuz/chromium` once for each version. The package itself uses one folder of /tmp for
 * all users, and never completes an unfinished folder. This function puts the complete folder in place with one
 * rename. So two test workers may unpack at the same time, and the later one removes its copy.
 */
export async function chromiumFiles(): Promise<ChromiumFiles> {
  const { version } = JSON.parse(await readFile(join(PACKAGE, 'package.json'), 'utf8')) as {
    version: string;
  };
  const cache = join(REPOSITORY, 'node_modules', '.cache');
  const folder = join(cache, `docket-chromium-${version}-${process.arch}`);
  if (!(await exists(folder))) await unpackInto(cache, folder);
  return {
    executable: join(folder, 'chromium'),
    libraries: join(folder, 'lib'),
    fontsConf: join(folder, 'fonts.conf'),
  };
}

async function unpackInto(cache: string, folder: string): Promise<void> {
  const building = join(cache, `.docket-chromium-${process.pid}-${randomBytes(4).toString('hex')}`);
  await mkdir(building, { recursive: true });
  try {
    await unpackAll(building, folder);
    await rename(building, folder);
  } catch (error) {
    await rm(building, { recursive: true, force: true });
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}

async function unpackAll(building: string, final: string): Promise<void> {
  await pipeline(
    createReadStream(join(PACKAGE, 'bin', 'chromium.br')),
    createBrotliDecompress({ chunkSize: 2 ** 21 }),
    createWriteStream(join(building, 'chromium'), { mode: 0o755 }),
  );
  // swiftshader holds the GL libraries, which the browser expects beside itself
  for (const archive of ['al2023', 'fonts', 'swiftshader']) {
    const packed = await readFile(join(PACKAGE, 'bin', `${archive}.tar.br`));
    await unpackTar(
      await promisify(brotliDecompress)(packed),
      archive === 'fonts' ? join(building, 'fonts') : building,
    );
  }
  await writeFile(join(building, 'fonts.conf'), fontsConf(join(final, 'fonts'), join(final, 'font-cache')));
}

/** Docket's own fonts come first, then the machine's, so that a picture of a page is the same on every machine. */
function fontsConf(fonts: string, cache: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${fonts}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${cache}</cachedir>
  <alias><family>sans-serif</family><prefer><family>Open Sans</family></prefer></alias>
  <alias><family>system-ui</family><prefer><family>Open Sans</family></prefer></alias>
</fontconfig>
`;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

const BLOCK = 512;

/** A plain file of an archive. */
interface TarFile {
  readonly path: string;
  readonly mode: number;
  readonly bytes: Buffer;
}

/**
 * Reads a ustar archive (POSIX.1-2024, pax) that holds only plain files and folders, as the archives of the test
 * tools do. Throws for a path that would be outside the target folder.
 */
function* filesOfTar(archive: Buffer): Generator<TarFile> {
  for (let at = 0; at + BLOCK <= archive.length;) {
    const header = archive.subarray(at, at + BLOCK);
    if (header[0] === 0) return;
    const size = octal(header, 124, 12);
    const kind = String.fromCharCode(header[156] ?? 0);
    if (kind === '0' || kind === '\0') {
      const path = [text(header, 345, 155), text(header, 0, 100)].filter(Boolean).join('/');
      if (path.startsWith('/') || path.split('/').includes('..')) throw new Error(`unsafe path ${path}`);
      const start = at + BLOCK;
      yield { path, mode: octal(header, 100, 8), bytes: archive.subarray(start, start + size) };
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
}

/** Unpacks an archive below a folder. */
async function unpackTar(archive: Buffer, folder: string): Promise<void> {
  for (const file of filesOfTar(archive)) {
    const target = join(folder, file.path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, file.bytes, { mode: file.mode | 0o600 });
  }
}

function text(header: Buffer, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}

function octal(header: Buffer, start: number, length: number): number {
  return Number.parseInt(text(header, start, length).trim() || '0', 8);
}
