import { createServer, type AddressInfo } from 'node:net';
import { ownHosts } from '../../identity/own-hosts.ts';
import { PortUnavailable } from '../../runtime/http/listen.ts';
import { PlainFailure } from '../plain-failure.ts';

const LOOPBACK_IPV6 = '::1';

/**
 * A port that is free now, on loopback by default. Children keep it across restarts, so that other processes find them
 * again.
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  return probe(0, host);
}

/** True when another program listens on the port. */
export async function isTaken(port: number, host: string): Promise<boolean> {
  return probe(port, host).then(
    () => false,
    (error: unknown) => ((error as Error).cause as NodeJS.ErrnoException).code === 'EADDRINUSE',
  );
}

/**
 * Returns the requested port. If no port is requested, it returns `usual`, or a free port when `usual` is taken.
 * @throws PortUnavailable
 */
export async function portOr(asked: number | null, usual: number, host: string): Promise<number> {
  if (asked !== null) return probe(asked, host, 'HEALTH_CHECK_PORT');
  return probe(usual, host).catch(() => probe(0, host));
}

/**
 * Refuses a start before anything runs when the public port is taken. A program on `::1` counts too, because a browser
 * may reach it by `localhost` instead of Docket.
 *
 * @throws PortUnavailable, PlainFailure PORT_UNAVAILABLE
 */
export async function requirePort(port: number, host: string): Promise<void> {
  await probe(port, host);
  if (port === 0 || ownHosts(host).here !== 'localhost') return;
  try {
    await probe(port, LOOPBACK_IPV6);
  } catch (error) {
    // Any other error means that this machine has no IPv6.
    if (((error as Error).cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') return;
    throw new PlainFailure(
      'PORT_UNAVAILABLE',
      `Port ${port} cannot be used: something else is listening on [::1], where browsers may look for localhost. Choose another one with PORT=...`,
      { cause: error },
    );
  }
}

async function probe(port: number, host: string, setting = 'PORT'): Promise<number> {
  const server = createServer();
  const bound = await new Promise<number>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new PortUnavailable({ host, port, setting }, error)),
    );
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return bound;
}
