import { hkdfSync, randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createKeyFile, readKeyFile, type Refused } from '../runtime/settings/key-file.ts';
import { CodedError } from '../schemas/errors/coded-error.ts';

const KEY_FILE = 'session-keys';
const KEY_BYTES = 32;
/** Shortest secret, in characters, because a shorter secret could be guessed. The setting has the same bound. */
const SECRET_CHARS_MIN = 32;
/** Most keys that still verify. Each key means one more HMAC for a forged cookie. */
const SECRETS_MAX = 8;

/** The secrets, newest first. The first secret signs, and all secrets verify. */
export type SigningSecrets = readonly [string, ...string[]];

/** Docket cannot use the signing secrets. */
export class SigningSecretsRefused extends CodedError {
  readonly code = 'SIGNING_SECRETS_REFUSED';

  constructor(why: string, options?: ErrorOptions) {
    super(`The session keys cannot be used: ${why}.`, options);
  }
}

/**
 * Loads the secrets of all signatures. They are in `SESSION_SECRET` (newest first, separated by commas), or else in
 * the lines of `session-keys` in the data folder. If both are missing, the function makes the file with one random
 * key. To change secrets, put a new secret first, and remove the old secret when its cookies may end.
 *
 * @throws SigningSecretsRefused
 */
export async function loadSigningSecrets(settings: {
  SESSION_SECRET?: string | undefined;
  DATA_DIR: string;
}): Promise<SigningSecrets> {
  if (settings.SESSION_SECRET !== undefined) return parsed(settings.SESSION_SECRET.split(','));
  await mkdir(settings.DATA_DIR, { recursive: true });
  const path = join(settings.DATA_DIR, KEY_FILE);
  const refused: Refused = (what, options) =>
    new SigningSecretsRefused(`the key file cannot be ${what}`, options);
  const made = `${randomBytes(KEY_BYTES).toString('base64url')}\n`;
  const kept = (await readKeyFile(path, refused)) ?? (await createKeyFile(path, made, refused));
  return parsed(kept.split('\n'));
}

function parsed(lines: readonly string[]): SigningSecrets {
  const secrets = lines.map((line) => line.trim()).filter((line) => line !== '');
  const [first, ...rest] = secrets;
  if (first === undefined) throw new SigningSecretsRefused('there is none');
  if (secrets.length > SECRETS_MAX) throw new SigningSecretsRefused(`there are more than ${SECRETS_MAX}`);
  if (secrets.some((secret) => secret.length < SECRET_CHARS_MIN))
    throw new SigningSecretsRefused(`one is shorter than ${SECRET_CHARS_MIN} characters`);
  return [first, ...rest];
}

/**
 * Derives one key from each secret for one purpose (HKDF, RFC 5869). So a signature for one purpose is never valid for
 * another.
 *
 * @param purpose such as `session` or `page-cursor`; part of every signature made with the keys
 */
export function keysFor(secrets: SigningSecrets, purpose: string): [Buffer, ...Buffer[]] {
  const derive = (secret: string): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, 'docket', purpose, KEY_BYTES));
  const [first, ...rest] = secrets;
  return [derive(first), ...rest.map(derive)];
}
