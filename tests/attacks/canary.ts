import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server of the attacker, to which Docket must never send a request. */
export interface Canary {
  readonly url: string;
  /** The received requests. */
  asked(): readonly string[];
  stop(): Promise<void>;
}

/** Counts connections as well as requests, because even a connection without a request is a fault. */
export async function startCanary(): Promise<Canary> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end('{}');
  });
  server.on('connection', () => asked.push('a connection'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
