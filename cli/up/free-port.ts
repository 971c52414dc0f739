import { createServer, type AddressInfo } from 'node:net';
import { PortUnavailable } from '../../runtime/http/listen.ts';

/** A loopback port that is free now. Children keep it over restarts, so that the others find them again. */
export async function freePort(): Promise<number> {
  return probe(0, '127.0.0.1');
}

/**
 * Tells early, before anything is started, that the port people will open is taken.
 * @throws PortUnavailable
 */
export async function requirePort(port: number, host: string): Promise<void> {
  await probe(port, host);
}

async function probe(port: number, host: string): Promise<number> {
  const server = createServer();
  const bound = await new Promise<number>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE' ? 'something else is listening there' : (error.code ?? 'unknown');
      reject(new PortUnavailable(port, why, { cause: error }));
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return bound;
}
