import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { CodedError } from '../../schemas/errors/coded-error.ts';
import type { ApiErrorCode } from '../../schemas/errors/error-codes.ts';
import { answerRaw } from './answer-raw.ts';
import { ApiError } from './api-error.ts';

/** Limits of a listening server. They end senders that are slow or never finish (A-UP12, A-HT01). */
export interface HttpLimits {
  readonly headersTimeoutMs: number;
  /** Longest time for one whole request, body included. 0 lets the route decide. */
  readonly requestTimeoutMs: number;
  /**
   * The interval at which Node looks for connections past their limit. Node looks even without a connection, and each
   * look wakes an idle process (ADR 0210).
   */
  readonly checkedEveryMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly headerBytesMax: number;
  readonly connectionsMax: number;
}

export const HTTP_LIMITS: HttpLimits = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 0,
  checkedEveryMs: 10_000,
  keepAliveTimeoutMs: 65_000,
  headerBytesMax: 16 * 1024,
  connectionsMax: 20_000,
};

/** The interval at which a closing server closes idle connections. */
const IDLE_SWEEP_MS = 50;

export interface Listening {
  readonly server: Server;
  readonly port: number;
  /** Stops listening, lets running answers finish for up to `graceMs`, then closes all connections. */
  close(graceMs: number): Promise<void>;
}

/** The server cannot listen on the address: the port is taken or not allowed, or the host is not of this machine. */
export class PortUnavailable extends CodedError {
  readonly code = 'PORT_UNAVAILABLE';

  constructor(
    address: { readonly host: string; readonly port: number; readonly setting?: string | undefined },
    cause: NodeJS.ErrnoException,
  ) {
    super(sentenceOn(address, cause), { cause });
  }
}

function sentenceOn(
  address: { host: string; port: number; setting?: string | undefined },
  error: NodeJS.ErrnoException,
): string {
  const { host, port, setting = 'PORT' } = address;
  const hostSetting = setting.replace('PORT', 'HOST');
  const other = (why: string) =>
    `Port ${port} cannot be used: ${why}. Choose another one with ${setting}=...`;
  switch (error.code) {
    case 'EADDRINUSE':
      return other('something else is listening there');
    case 'EACCES':
      return other('this user has no right to it, as is usual below 1024');
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
      return `${hostSetting}=${host} is no address or name of this machine (${error.code}). Set ${hostSetting}=127.0.0.1 for this machine alone, or ${hostSetting}=0.0.0.0 for every address of it.`;
    default:
      return `${host} port ${port} cannot be listened on: ${error.message}.`;
  }
}

/**
 * Starts an HTTP server that also answers with JSON errors before any route.
 * @throws PortUnavailable
 */
export async function listen(
  handler: RequestListener,
  address: { host: string; port: number; setting?: string },
  limits: HttpLimits = HTTP_LIMITS,
): Promise<Listening> {
  const server = createServer(
    {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      maxHeaderSize: limits.headerBytesMax,
      connectionsCheckingInterval: limits.checkedEveryMs,
      // Node's own refusal of a request without Host has no body, so `createApp` refuses such a request with JSON.
      requireHostHeader: false,
    },
    handler,
  );
  server.maxConnections = limits.connectionsMax;
  server.on('clientError', answerClientError);
  // Without a listener Node closes the connection without an answer.
  server.on('connect', (_request, socket) => answerRaw(socket, new ApiError('METHOD_NOT_ALLOWED')));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new PortUnavailable(address, error));
    });
    server.listen(address.port, address.host, resolve);
  });
  return { server, port: (server.address() as AddressInfo).port, close: (graceMs) => close(server, graceMs) };
}

function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
  answerRaw(socket, new ApiError(codeOf(error)));
}

function codeOf({ code }: NodeJS.ErrnoException): ApiErrorCode {
  if (code === 'HPE_HEADER_OVERFLOW') return 'HEADERS_TOO_LARGE';
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'REQUEST_TIMEOUT' : 'BAD_REQUEST';
}

async function close(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // A proxy keeps its connection open after the last answer, so the connection becomes idle only at this time.
  const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS);
  const deadline = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(deadline);
}
