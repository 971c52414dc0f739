import { randomBytes } from 'node:crypto';
import { link, open, readFile, rm } from 'node:fs/promises';
import { codeOf, nullIfMissing } from '../../schemas/errors/coded-error.ts';

const KEY_FILE_MODE = 0o600;

/** Makes the error of a file of keys that cannot be used. */
export type Refused = (what: 'read' | 'written', options: ErrorOptions) => Error;

/**
 * Reads a file of keys; null when it is missing.
 * @throws what `refused` makes, when it cannot be read
 */
export async function readKeyFile(path: string, refused: Refused): Promise<string | null> {
  return readFile(path, 'utf8')
    .catch(nullIfMissing)
    .catch((cause: unknown) => {
      throw refused('read', { cause });
    });
}

/**
 * Writes a new file whole and then links it under the name. So two starting processes use the same key. Only its owner
 * may read it.
 * @returns what the file holds afterwards
 * @throws what `refused` makes, when it cannot be written
 */
export async function createKeyFile(path: string, content: string, refused: Refused): Promise<string> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const handle = await open(draft, 'wx', KEY_FILE_MODE);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(draft, path);
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') throw refused('written', { cause });
  } finally {
    await rm(draft, { force: true });
  }
  return readFile(path, 'utf8');
}
