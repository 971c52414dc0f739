import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

/** The address on which a server without a socket listens. */
export const LOOPBACK = '127.0.0.1';

/** Returns a free port: the wanted port, or any port for 0. Null when the wanted port is taken. */
export function freePort(wanted: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(null);
      else reject(error);
    });
    probe.listen(wanted, LOOPBACK, () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

/** The port of the last run, so that services find a restarted server at the same address. 0 without an earlier run. */
export async function rememberedPort(directory: string): Promise<number> {
  try {
    const port = Number.parseInt(await readFile(join(directory, 'port'), 'utf8'), 10);
    return port > 0 && port < 65_536 ? port : 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

export async function rememberPort(directory: string, port: number): Promise<void> {
  await writeFile(join(directory, 'port'), `${port}\n`, { mode: 0o600 });
}
