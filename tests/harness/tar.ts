import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const BLOCK = 512;

/** A plain file of an archive. */
export interface TarFile {
  readonly path: string;
  readonly mode: number;
  readonly bytes: Buffer;
}

/**
 * Reads a ustar archive (POSIX.1-2024, pax) that holds plain files and folders only, as our test tools' archives do.
 * Throws for a path that would leave the folder it is unpacked to.
 */
export function* filesOfTar(archive: Buffer): Generator<TarFile> {
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
export async function unpackTar(archive: Buffer, folder: string): Promise<void> {
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
