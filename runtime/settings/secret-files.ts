import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { SECRET_SETTINGS, secretFileVariable } from '../../schemas/settings/config.ts';
import { SettingsRefused } from './settings.ts';

/** The longest secret is a connection string with many hosts. A larger file is a mistake. */
const SECRET_BYTES_MAX = 64 * 1024;

/**
 * Reads the secrets given as files (`SESSION_SECRET_FILE` and similar) and stores each under its own name. So later
 * code finds all settings in one place. One final newline of a file is removed. An empty variable counts as unset.
 * The function runs once, before anything else in a process.
 *
 * @param environment changed in place. The kernel shows other processes only the environment at the start of a
 * process (`/proc/<pid>/environ`), so a value from a file stays hidden.
 * @throws SettingsRefused that names every variable with an unusable file, and every secret that is given twice
 */
export function readSecretFiles(environment: Record<string, string | undefined>): void {
  const faults: string[] = [];
  for (const name of SECRET_SETTINGS) {
    const variable = secretFileVariable(name);
    const path = environment[variable];
    if (path === undefined || path === '') continue;
    if (environment[name]) {
      faults.push(`${name} and ${variable} are both set; set one of them`);
      continue;
    }
    const read = secretIn(path);
    if ('fault' in read) faults.push(`${variable}: ${path} ${read.fault}`);
    else environment[name] = read.secret;
    delete environment[variable];
  }
  if (faults.length > 0) throw new SettingsRefused(faults);
}

function secretIn(path: string): { readonly secret: string } | { readonly fault: string } {
  let handle: number;
  try {
    // Opens a pipe without waiting for a writer; the code below refuses it.
    handle = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return { fault: `cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})` };
  }
  try {
    const about = fstatSync(handle);
    if (!about.isFile()) return { fault: 'is not a file' };
    if (about.size > SECRET_BYTES_MAX) return { fault: `has more than ${SECRET_BYTES_MAX} bytes` };
    const secret = readFileSync(handle, 'utf8').replace(/\r?\n$/, '');
    return secret === '' ? { fault: 'is empty' } : { secret };
  } catch (error) {
    return { fault: `cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})` };
  } finally {
    closeSync(handle);
  }
}
