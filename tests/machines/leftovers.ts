/** Finds what an ended start left behind: processes, sockets, a lock, the port. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { tryLockFile } from '../../runtime/file-lock.ts';

interface Seen {
  readonly pid: number;
  readonly command: string;
}

/** Running processes whose command line or working folder lies in one of the folders. */
export function processesIn(folders: readonly string[]): Seen[] {
  const rows = execFileSync('ps', ['-A', '-ww', '-o', 'pid=', '-o', 'stat=', '-o', 'command='], {
    encoding: 'utf8',
  });
  return rows.split('\n').flatMap((row) => {
    const [, number = '', state = '', command = ''] = /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(row) ?? [];
    const pid = Number(number);
    if (pid === 0 || pid === process.pid || state.startsWith('Z')) return [];
    const places = `${command}\0${workingFolder(pid)}`;
    return folders.some((folder) => places.includes(folder)) ? [{ pid, command }] : [];
  });
}

/** Linux alone tells without a further program; elsewhere the command lines must do. */
function workingFolder(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}

/** Returns words for each thing that still exists; empty when nothing does. */
export async function leftovers(places: {
  readonly folders: readonly string[];
  readonly dataDir: string;
  readonly port: number;
}): Promise<string[]> {
  const left = processesIn(places.folders).map(({ command }) => `process: ${command.slice(0, 120)}`);
  if (await answers(places.port)) left.push(`port ${places.port} is open`);
  for (const folder of places.folders) left.push(...socketsBelow(folder).map((path) => `socket: ${path}`));
  const lock = join(places.dataDir, 'lock');
  if (existsSync(lock)) {
    const release = tryLockFile(lock);
    if (release === null) left.push('the lock of the data folder is held');
    release?.();
  }
  for (const note of ['address', 'parts.json', 'connections.json'])
    if (existsSync(join(places.dataDir, note))) left.push(`${note} in the data folder`);

  return left;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function socketsBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isSocket()) return [path];
    const look = entry.isDirectory() && entry.name !== 'node_modules' && entry.name !== 'cache';
    return look ? socketsBelow(path) : [];
  });
}
