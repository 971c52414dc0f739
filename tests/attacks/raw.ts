import { connect } from 'node:net';
import { stretched } from '../harness/machine-time.ts';
import { codeIn } from './visitor.ts';
import type { Target } from './targets.ts';

const ANSWER_MS_MAX = 20_000;

/** The bytes that arrived over a raw connection until it was closed. */
export interface RawReply {
  readonly status: number;
  /** Status line and headers. */
  readonly head: string;
  readonly body: string;
  readonly code: string | null;
}

/**
 * Sends bytes unchanged and reads until the server closes the connection. If the server would keep it open, the bytes
 * must contain `Connection: close`.
 */
export function tell({ port }: Target, request: string | Buffer): Promise<RawReply> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    socket.setTimeout(stretched(ANSWER_MS_MAX), () => socket.destroy(new Error('no answer in time')));
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => (received += text));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // A server that closes at once resets bytes that are still in flight.
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
    socket.on('close', () => {
      const at = received.indexOf('\r\n\r\n');
      const [head, body] = at < 0 ? [received, ''] : [received.slice(0, at), received.slice(at + 4)];
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0), head, body, code: codeIn(body) });
    });
  });
}

/** Makes a request with any headers, also headers that no client would send. */
export function requestOf(line: string, headers: Readonly<Record<string, string>> = {}, body = ''): string {
  const named = { Host: 'localhost', Connection: 'close', ...headers };
  const lines = Object.entries(named).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${line} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}
