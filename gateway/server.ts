import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isLoopback } from './http/admit.ts';
import { sendRefusal } from './http/responses.ts';
import { openMetrics } from './http/metrics.ts';
import { route } from './http/routes.ts';
import { stderrLog } from './log/gateway-log.ts';
import type { GatewayLog } from './log/gateway-log.ts';
import { openMappings } from './mapping/live-mappings.ts';
import { openPool } from './pool/child-pool.ts';
import type { ChildPool } from './pool/child-pool.ts';
import { DEFAULT_POOL_LIMITS, type PoolLimits } from './pool/pool-limits.ts';

/** The settings of a gateway. All settings except the port have defaults. */
export interface GatewayOptions extends Partial<PoolLimits> {
  /** The port to listen on. 0 chooses a free port. */
  readonly port: number;
  readonly host?: string;
  /** The token that every caller must send. May be absent only when the gateway listens on loopback. */
  readonly token?: string;
  readonly log?: GatewayLog;
  /** Bytes of the largest PDF that is accepted. */
  readonly uploadBytesMax?: number;
  /**
   * The folder of the operator's own mappings, beside the shipped mappings. The gateway follows changes in the
   * folder.
   */
  readonly mappingFolder?: string;
  /** False when pages without text are not read by OCR; true unless given. */
  readonly ocr?: boolean;
  /** The time that running documents get after `close()`. */
  readonly drainMs?: number;
}

export interface RunningGateway {
  readonly port: number;
  readonly url: string;
  /** Refuses new documents, lets running documents finish within `drainMs`, and ends every child. */
  close(): Promise<void>;
}

/** The product accepts files of 50 MB. This limit is a little higher, so that such a file is accepted in any case. */
const DEFAULT_UPLOAD_BYTES_MAX = 50 * 1024 * 1024;
const DEFAULT_DRAIN_MS = 18_000;
/** The time within which a request must arrive completely. */
const REQUEST_TIMEOUT_MS = 60_000;

/**
 * Starts the gateway: first the mappings, then the children, then the port. Resolves when the gateway can convert a
 * document.
 * @throws MappingInvalid when a mapping is not valid
 * @throws the system's own error when the port is taken
 * @throws Error when other machines can reach the host and no token is set
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
    metrics: openMetrics(),
    log,
    uploadBytesMax: options.uploadBytesMax ?? DEFAULT_UPLOAD_BYTES_MAX,
    draining: () => draining,
  };
  const server = createServer({
    requestTimeout: REQUEST_TIMEOUT_MS,
    headersTimeout: 10_000,
    connectionsCheckingInterval: 10_000,
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
    // After this time, connections that still send results are closed, so that the port becomes free.
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
