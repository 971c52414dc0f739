import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { nullIfMissing } from '../../schemas/errors/coded-error.ts';

/** The files that identify an installation, besides its log and blobs. */
const FILES = ['session-keys', 'seal-key.pem'];
const SEALS = 'seals';

/** Reads the files by name, in base64. Leaves out missing files. */
export async function readIdentity(dataDir: string): Promise<Record<string, string>> {
  const names = [...FILES, ...(await namesIn(join(dataDir, SEALS))).map((name) => `${SEALS}/${name}`)];
  const files: Record<string, string> = {};
  for (const name of names) {
    const content = await readFile(join(dataDir, name)).catch(nullIfMissing);
    if (content !== null) files[name] = content.toString('base64');
  }
  return files;
}

/**
 * Writes the files. An existing file with other content is not changed.
 * @returns the names of such files
 */
export async function writeIdentity(
  dataDir: string,
  files: Readonly<Record<string, string>>,
): Promise<string[]> {
  const kept: string[] = [];
  for (const [name, base64] of Object.entries(files)) {
    if (!FILES.includes(name) && !/^seals\/[a-z0-9.-]+$/.test(name)) continue;
    const path = join(dataDir, name);
    const content = Buffer.from(base64, 'base64');
    const present = await readFile(path).catch(nullIfMissing);
    if (present !== null && !present.equals(content)) kept.push(name);
    if (present !== null) continue;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, content, { mode: 0o600, flag: 'wx' });
  }
  return kept;
}

async function namesIn(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(nullIfMissing);
  return (names ?? []).filter((name) => !name.startsWith('.'));
}
