import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CodedError } from '../schemas/coded-error.ts';

/** The file of the key that signs seals, in the data folder. */
export const SEAL_KEY_FILE = 'seal-key.pem';
const KEY_FILE_MODE = 0o600;

/** Docket cannot use the key that signs seals. */
export class SealKeyRefused extends CodedError {
  readonly code = 'SEAL_KEY_REFUSED';
  readonly retryable = false;

  constructor(path: string, why: string, options?: ErrorOptions) {
    super(`The seal key ${path} cannot be used: ${why}.`, options);
  }
}

/**
 * Loads the Ed25519 key at `SEAL_KEY_FILE`, otherwise the key of the data folder. Makes the key of the data folder
 * when it is missing.
 * @throws SealKeyRefused
 */
export async function loadSealKey(settings: {
  SEAL_KEY_FILE?: string | undefined;
  DATA_DIR: string;
}): Promise<KeyObject> {
  const path = settings.SEAL_KEY_FILE ?? join(settings.DATA_DIR, SEAL_KEY_FILE);
  const kept = await readOrNull(path);
  if (kept !== null) return ed25519(path, () => createPrivateKey(kept));
  if (settings.SEAL_KEY_FILE !== undefined) throw new SealKeyRefused(path, 'there is no such file');
  await mkdir(settings.DATA_DIR, { recursive: true });
  const made = await createdOnce(path);
  return ed25519(path, () => createPrivateKey(made));
}

/**
 * Reads a public key from a file with that key or with its private key.
 * @throws SealKeyRefused
 */
export async function readPublicKey(path: string): Promise<KeyObject> {
  const text = await readOrNull(path);
  if (text === null) throw new SealKeyRefused(path, 'there is no such file');
  return ed25519(path, () => createPublicKey(text));
}

export function publicPem(key: KeyObject): string {
  return createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
}

function ed25519(path: string, parse: () => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = parse();
  } catch (error) {
    throw new SealKeyRefused(path, 'it is no key in PEM', { cause: error });
  }
  if (key.asymmetricKeyType !== 'ed25519') throw new SealKeyRefused(path, 'it is not an Ed25519 key');
  return key;
}

async function readOrNull(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new SealKeyRefused(path, 'it cannot be read', { cause: error });
  }
}

/** Writes a new file whole and then links it under the name. So two starting processes use the same key. */
async function createdOnce(path: string): Promise<string> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const handle = await open(draft, 'wx', KEY_FILE_MODE);
  try {
    const { privateKey } = generateKeyPairSync('ed25519');
    await handle.writeFile(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new SealKeyRefused(path, 'it cannot be written', { cause: error });
  } finally {
    await rm(draft, { force: true });
  }
  return readFile(path, 'utf8');
}
