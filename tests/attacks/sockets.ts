import { WebSocket } from 'ws';
import { LIVE_PATH, LIVE_PROTOCOL } from '../../schemas/live-protocol.ts';
import { openLive, type LiveTester } from '../harness/live-tester.ts';
import type { Target } from './targets.ts';
import type { Visitor } from './visitor.ts';

/** A try to open a socket. */
export interface Tried {
  /** 101 when it was opened. */
  readonly status: number;
  readonly retryAfter: string | null;
  readonly socket: WebSocket;
}

/** @param options.path with a query, for what is tried there */
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
    // A refusal is an error as well; what came before it counts.
    socket.on('error', () => resolve({ status: 0, retryAfter: null, socket }));
  });
}

/** A socket of somebody's own page, greeted. */
export function openSocket({ port }: Target, visitor: Visitor): Promise<LiveTester> {
  return openLive({ port, cookieOf: () => visitor.cookie() }, '');
}
