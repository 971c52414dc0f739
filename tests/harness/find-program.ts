import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Returns the path of a program that npm does not install; null when the machine does not have it. */
export function findProgram(name: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}
