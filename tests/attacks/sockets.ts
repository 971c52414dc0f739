import { WebSocket } from 'ws';
import { LIVE_PATH, LIVE_PROTOCOL } from '../../schemas/protocols/live-protocol.ts';
import { openLive, type LiveTester } from '../harness/live-tester.ts';
import type { Target } from './targets.ts';
import type { Visitor } from './visitor.ts';

/** An attempt to open a socket. */
export interface Tried {
  /** The status; 101 when the socket was opened. */
  readonly status: number;
  readonly retryAfter: string | null;
  readonly socket: WebSocket;
}

/** @param options.path the path, with a query for attacks on the query */
export function trySocket(
  { port }: Target,
  headers: Readonly<Record<string, string>>,
  options: { path?: string } = {},
): Promise<Tried> {
  const url = `ws://127.0.0.1:${port}${options.path ?? LIVE_PATH}`;
  const socket = new WebSocket(url, [LIVE_PROTOCOL], { headers });
  return new Promise((resolve) => {
    socket.once('open', () => resolve({ status: 101, retryAfter: null, socket }));
    socket.once('unexpected-response', (_request, response) => {
      response.resume();
      const retryAfter = response.headers['retry-after'] ?? null;
      resolve({ status: response.statusCode ?? 0, retryAfter, socket });
    });
    // A refusal is an error as well. The earlier events count.
    socket.on('error', () => resolve({ status: 0, retryAfter: null, socket }));
  });
}

/** Opens a socket as Docket's own page does, and sends hello. */
export function openSocket({ port }: Target, visitor: Visitor): Promise<LiveTester> {
  return openLive({ port, cookieOf: () => visitor.cookie() }, '');
}
