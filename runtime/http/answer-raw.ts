import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ErrorBody } from '../../schemas/errors/error-codes.ts';
import { ApiError } from './api-error.ts';

/**
 * Writes an error as JSON on a connection that reached no route, and closes it. Examples: a request with a refused
 * head, an upgrade that no service accepts.
 */
export function answerRaw(socket: Duplex, error: ApiError): void {
  const { code, message, status, retryAfterSec } = error;
  const body: ErrorBody = { error: { code, message, requestId: '' } };
  const text = JSON.stringify(body);
  const retry = retryAfterSec === undefined ? '' : `Retry-After: ${retryAfterSec}\r\n`;
  socket.on('error', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n` +
      `${retry}Content-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
    () => socket.destroy(),
  );
}
