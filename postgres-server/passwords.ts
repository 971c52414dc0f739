import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nullIfMissing } from '../schemas/errors/coded-error.ts';

/** The name of the file in the folder of the embedded Postgres, beside its database files. */
export const PASSWORDS_FILE = 'passwords.json';
const PASSWORD_BYTES = 32;

/** The passwords of the roles of the embedded Postgres, in base64url. */
export interface Passwords {
  readonly docket: string;
  readonly analyst: string;
}

/** Reads the passwords of this folder; null when the file is missing or unreadable. */
export async function readPasswords(directory: string): Promise<Passwords | null> {
  const text = await readFile(join(directory, PASSWORDS_FILE), 'utf8').catch(nullIfMissing);
  return text === null ? null : passwordsIn(text);
}

/**
 * Makes random passwords and stores them in a file that only its owner can read. The file appears completely or not
 * at all.
 */
export async function makePasswords(directory: string): Promise<Passwords> {
  const random = () => randomBytes(PASSWORD_BYTES).toString('base64url');
  const passwords = { docket: random(), analyst: random() };
  const draft = join(directory, `${PASSWORDS_FILE}.new`);
  await writeFile(draft, `${JSON.stringify(passwords)}\n`, { mode: 0o600, flush: true });
  await rename(draft, join(directory, PASSWORDS_FILE));
  return passwords;
}

function passwordsIn(text: string): Passwords | null {
  try {
    const { docket, analyst } = JSON.parse(text) as Partial<Passwords>;
    const isOne = (value: unknown): value is string => typeof value === 'string' && value !== '';
    return isOne(docket) && isOne(analyst) ? { docket, analyst } : null;
  } catch {
    // The passwords of an incomplete file are lost, so Docket makes new ones.
    return null;
  }
}
