import type { ServerResponse } from 'node:http';
import { GATEWAY_REFUSAL_STATUS } from '../../schemas/protocols/gateway-protocol.ts';
import type { GatewayRefusalCode } from '../../schemas/protocols/gateway-protocol.ts';

/** Sends JSON. Does nothing when the caller has gone or the response has begun. */
export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(body.length),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...headers,
  });
  response.end(body);
}

/** Sends `{code, message}` with the status that the protocol gives this code. */
export function sendRefusal(
  response: ServerResponse,
  code: GatewayRefusalCode,
  message: string,
  retryAfterSec?: number,
): void {
  const status = GATEWAY_REFUSAL_STATUS[code];
  const headers: Record<string, string> = {};
  if (status === 503) headers['Retry-After'] = String(retryAfterSec ?? 5);
  if (status === 401) headers['WWW-Authenticate'] = 'Bearer';
  // The gateway does not read the rest of this body. If it kept the connection, it would read the rest as the next
  // request.
  if ([400, 401, 403, 413].includes(status)) headers['Connection'] = 'close';
  sendJson(response, status, { code, message }, headers);
}
