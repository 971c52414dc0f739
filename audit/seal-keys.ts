import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createKeyFile, readKeyFile, type Refused } from '../runtime/settings/key-file.ts';
import { CodedError } from '../schemas/errors/coded-error.ts';

/** The file of the key that signs seals, in the data folder. */
export const SEAL_KEY_FILE = 'seal-key.pem';

/** Docket cannot use the key that signs seals. */
export class SealKeyRefused extends CodedError {
  readonly code = 'SEAL_KEY_REFUSED';

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
  const kept = await readKeyFile(path, refusing(path));
  if (kept !== null) return ed25519(path, () => createPrivateKey(kept));
  if (settings.SEAL_KEY_FILE !== undefined) throw new SealKeyRefused(path, 'there is no such file');
  await mkdir(settings.DATA_DIR, { recursive: true });
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const made = await createKeyFile(path, pem, refusing(path));
  return ed25519(path, () => createPrivateKey(made));
}

/**
 * Reads a public key from a file with that key or with its private key.
 * @throws SealKeyRefused
 */
export async function readPublicKey(path: string): Promise<KeyObject> {
  const text = await readKeyFile(path, refusing(path));
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

function refusing(path: string): Refused {
  return (what, options) => new SealKeyRefused(path, `it cannot be ${what}`, options);
}
