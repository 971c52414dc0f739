import { readdir, readFile, readlink } from 'node:fs/promises';

/** State LISTEN in /proc/net/tcp (proc(5)). */
const LISTEN = '0A';

/** Local addresses, as the kernel writes them, on which a process of this Linux takes TCP connections. */
export async function listenersOf(pid: number): Promise<string[]> {
  const files = await readdir(`/proc/${pid}/fd`);
  const open = await Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => '')));
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'utf8')),
  );
  const lines = tables.flatMap((table) => table.trim().split('\n').slice(1));
  return lines.flatMap((line) => {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
    return state === LISTEN && open.includes(`socket:[${inode}]`) ? [local] : [];
  });
}
