import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isLoopback } from './http/admit.ts';
import { sendRefusal } from './http/answers.ts';
import { openMeasures } from './http/measures.ts';
import { route } from './http/routes.ts';
import { stderrLog } from './log/gateway-log.ts';
import type { GatewayLog } from './log/gateway-log.ts';
import { openMappings } from './mapping/live-mappings.ts';
import { openPool } from './pool/child-pool.ts';
import type { ChildPool } from './pool/child-pool.ts';
import { DEFAULT_POOL_LIMITS, type PoolLimits } from './pool/pool-limits.ts';

/** Settings of a gateway; all but the port have defaults. */
export interface GatewayOptions extends Partial<PoolLimits> {
  /** 0 picks a free port. */
  readonly port: number;
  readonly host?: string;
  /** Asked of every caller. May be left out on a loopback host only. */
  readonly token?: string;
  readonly log?: GatewayLog;
  /** Largest PDF taken, in bytes. */
  readonly uploadBytesMax?: number;
  /** Folder of the operator's own mappings, beside the shipped ones; what is edited there is taken up. */
  readonly mappingFolder?: string;
  /** False for pages without text to stay unread; true unless said otherwise. */
  readonly ocr?: boolean;
  /** How long running documents may go on after `close()`. */
  readonly drainMs?: number;
}

export interface RunningGateway {
  readonly port: number;
  readonly url: string;
  /** Turns new documents away, lets running ones finish within `drainMs`, leaves no child behind. */
  close(): Promise<void>;
}

/** Room over the product's 50 MB for a body that is just at the limit. */
const DEFAULT_UPLOAD_BYTES_MAX = 50 * 1024 * 1024;
const DEFAULT_DRAIN_MS = 18_000;
/** A body must arrive within this time. */
const REQUEST_TIMEOUT_MS = 60_000;

/**
 * Starts the gateway: mappings first, then the children, then the port; resolves when a document can be converted.
 * @throws MappingInvalid when a mapping is not valid; the system's own error when the port is taken; Error without a
 *   token on a host that others reach
 */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const log = options.log ?? stderrLog();
  const host = options.host ?? '127.0.0.1';
  if (options.token === undefined && !isLoopback(host))
    throw new Error(`GATEWAY_TOKEN or GATEWAY_TOKEN_FILE is needed to listen on ${host}`);
  const mappings = openMappings({
    folder: options.mappingFolder,
    log,
    onChange: (own) => {
      pool.takeMappings(own);
      drawing?.takeMappings(own);
    },
  });
  const limits: PoolLimits = { ...DEFAULT_POOL_LIMITS, ...definedOnly(options) };
  const ocr = options.ocr ?? true;
  const pool = openPool(limits, { drawing: false, ocr, mappings: mappings.registry().own() }, log);
  let drawing: ChildPool | undefined;
  let draining = false;
  const context = {
    admission: { token: options.token, loopback: isLoopback(host) },
    mappings,
    pool,
    drawingPool: () =>
      (drawing ??= openPool(
        { ...limits, children: 1, waitingMax: 4 },
        { drawing: true, ocr, mappings: mappings.registry().own() },
        log,
      )),
    measures: openMeasures(),
    log,
    uploadBytesMax: options.uploadBytesMax ?? DEFAULT_UPLOAD_BYTES_MAX,
    draining: () => draining,
  };
  const server = createServer({
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: 10_000,
    connectionsCheckingInterval: 5_000,
  });
  server.on('request', (request, response) => void route(context, request, response));
  server.on(
    'clientError',
    (_error, socket) =>
      socket.writable && socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'),
  );
  server.on('checkExpectation', (_request, response) =>
    sendRefusal(response, 'BAD_REQUEST', 'The expectation cannot be met.'),
  );
  const close = async (): Promise<void> => {
    draining = true;
    mappings.close();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    const drainMs = options.drainMs ?? DEFAULT_DRAIN_MS;
    await Promise.all([pool.close(drainMs), drawing?.close(drainMs)]);
    // Answers of the last documents are on their way out; then nothing may hold the port.
    setTimeout(() => server.closeAllConnections(), 500).unref();
    await closed;
  };
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port, host, resolve);
    });
    await pool.ready();
  } catch (error) {
    mappings.close();
    await pool.close(0);
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  return { port, url: `http://${host}:${port}`, close };
}

function definedOnly(options: Partial<PoolLimits>): Partial<PoolLimits> {
  const known = Object.keys(DEFAULT_POOL_LIMITS) as (keyof PoolLimits)[];
  return Object.fromEntries(
    known.filter((key) => options[key] !== undefined).map((key) => [key, options[key]]),
  );
}
