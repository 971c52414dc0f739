import { createServer, type AddressInfo } from 'node:net';
import { PortUnavailable } from '../../runtime/http/listen.ts';

/** A loopback port that is free now. Children keep it over restarts, so that the others find them again. */
export async function freePort(): Promise<number> {
  return probe(0, '127.0.0.1');
}

/** The port that was asked for, or a free one when none was asked for and `usual` is taken. @throws PortUnavailable */
export async function portOr(asked: number | null, usual: number, host: string): Promise<number> {
  if (asked !== null) return probe(asked, host, 'HEALTH_CHECK_PORT');
  return probe(usual, host).catch(() => probe(0, host));
}

/**
 * Tells early, before anything is started, that the port people will open is taken.
 * @throws PortUnavailable
 */
export async function requirePort(port: number, host: string): Promise<void> {
  await probe(port, host);
}

async function probe(port: number, host: string, setting = 'PORT'): Promise<number> {
  const server = createServer();
  const bound = await new Promise<number>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE' ? 'something else is listening there' : (error.code ?? 'unknown');
      reject(new PortUnavailable(port, why, { cause: error, setting }));
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return bound;
}
