import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server of the attacker's own, which nothing of Docket may ever ask. */
export interface Canary {
  readonly url: string;
  /** What was asked of it. */
  asked(): readonly string[];
  stop(): Promise<void>;
}

/** Counts connections as well as requests: a look at the port alone is one too many. */
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
