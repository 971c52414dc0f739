import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where this machine has a program that npm does not bring, or null. */
export function findProgram(name: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}
