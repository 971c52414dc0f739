import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** In the folder of the embedded Postgres, beside its database files. */
export const PASSWORDS_FILE = 'passwords.json';
const PASSWORD_BYTES = 32;

/** What the roles of the embedded Postgres log in with, in base64url. */
export interface Passwords {
  readonly docket: string;
  readonly analyst: string;
}

/** The passwords that were made for this folder; null when there are none, or none that can be read. */
export async function readPasswords(directory: string): Promise<Passwords | null> {
  let text: string;
  try {
    text = await readFile(join(directory, PASSWORDS_FILE), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  return passwordsIn(text);
}

/** Makes random passwords and keeps them readable by their owner alone; the file appears whole or not at all. */
export async function makePasswords(directory: string): Promise<Passwords> {
  const passwords = { docket: random(), analyst: random() };
  const draft = join(directory, `${PASSWORDS_FILE}.new`);
  await writeFile(draft, `${JSON.stringify(passwords)}\n`, { mode: 0o600, flush: true });
  await rename(draft, join(directory, PASSWORDS_FILE));
  return passwords;
}

function random(): string {
  return randomBytes(PASSWORD_BYTES).toString('base64url');
}

function passwordsIn(text: string): Passwords | null {
  try {
    const { docket, analyst } = JSON.parse(text) as Partial<Passwords>;
    const isOne = (value: unknown): value is string => typeof value === 'string' && value !== '';
    return isOne(docket) && isOne(analyst) ? { docket, analyst } : null;
  } catch {
    // A file that was cut short is lost: new passwords are made.
    return null;
  }
}
