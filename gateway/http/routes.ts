import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PAGE_DRAWINGS, pagePictureScale } from '../../schemas/protocols/gateway-explanation.ts';
import {
  GATEWAY_HEADERS,
  INVOICE_FORMATS,
  encodeConvertedBy,
  encodeInvoiceIdentity,
  encodeWarnings,
  invoiceFormatSchema,
  type GatewayHealth,
} from '../../schemas/protocols/gateway-protocol.ts';
import type { GatewayLog } from '../log/gateway-log.ts';
import type { LiveMappings } from '../mapping/live-mappings.ts';
import type { ChildPool } from '../pool/child-pool.ts';
import type { ConverterOutcome, PictureRequest } from '../protocol/child-protocol.ts';
import type { TaskRequest } from '../pool/child-slot.ts';
import { Refusal } from '../protocol/refusal.ts';
import { admit, type Admission } from './admit.ts';
import { sendJson, sendRefusal } from './responses.ts';
import type { GatewayMetrics } from './metrics.ts';
import { sha256Of } from '../../schemas/sha256.ts';

/** The objects that every route may use. */
export interface RouteContext {
  readonly admission: Admission;
  readonly mappings: LiveMappings;
  readonly pool: ChildPool;
  /** Children that may load the native canvas. The gateway opens this pool at the first request for a picture. */
  readonly drawingPool: () => ChildPool;
  readonly metrics: GatewayMetrics;
  readonly log: GatewayLog;
  readonly uploadBytesMax: number;
  readonly draining: () => boolean;
}

/** Handles one request. Never throws. */
export async function route(
  context: RouteContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await dispatch(context, request, response);
  } catch (error) {
    if (error instanceof Refusal) sendRefusal(response, error.code, error.message, error.retryAfterSec);
    else {
      context.log.error({ err: error }, 'a request failed in the gateway itself');
      sendRefusal(response, 'INTERNAL', 'The gateway failed; the fault is not in the file.');
    }
  }
}

async function dispatch(
  context: RouteContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = parseUrl(request.url);
  admit(context.admission, request, url.pathname);
  const called = `${request.method ?? ''} ${url.pathname}`;
  if (called === 'GET /health') return sendHealth(context, request, response);
  if (called === 'GET /v1/mappings') return sendJson(response, 200, context.mappings.registry().list());
  if (called === 'GET /metrics') return context.metrics.send(response, context.pool.state());
  const call = { request, response, url };
  if (called === 'POST /v1/convert') return convertRoute(context, call, 'convert');
  if (called === 'POST /v1/format') return convertRoute(context, call, 'format');
  if (called === 'POST /v1/explain')
    return convertRoute(context, call, url.searchParams.has('image') ? 'explain-image' : 'explain');
  sendRefusal(response, 'NOT_FOUND', 'There is nothing at this address.');
}

function parseUrl(raw: string | undefined): URL {
  try {
    return new URL(raw ?? '/', 'http://gateway');
  } catch (error) {
    throw new Refusal('BAD_REQUEST', 'The address cannot be read.', { cause: error });
  }
}

/** Sends 200 when a child can convert, otherwise 503. */
function sendHealth(context: RouteContext, request: IncomingMessage, response: ServerResponse): void {
  const { children, ready, busy, waiting } = context.pool.state();
  const status = context.draining() ? 'draining' : ready > 0 ? 'ok' : 'starting';
  const refused = context.mappings.refused();
  // The reasons may contain names of suppliers, so a caller without the token gets only the counts.
  const isCaller = context.admission.token === undefined || request.headers.authorization !== undefined;
  const mappings = {
    own: context.mappings.registry().own().length,
    refused: refused.length,
    ...(isCaller && refused.length > 0 ? { faults: refused.map(({ reason }) => reason) } : {}),
  };
  const health: GatewayHealth = { status, children, ready, busy, waiting, mappings };
  sendJson(response, status === 'starting' ? 503 : 200, health);
}

const JOB_ID_LENGTH_MAX = 128;

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
}

async function convertRoute(
  context: RouteContext,
  { request, response, url }: Call,
  kind: TaskRequest['kind'],
): Promise<void> {
  if (context.draining()) throw new Refusal('SHUTTING_DOWN', 'The gateway is stopping.');
  const options = readOptions(context, url, kind);
  const jobId = String(request.headers['x-job-id'] ?? '').slice(0, JOB_ID_LENGTH_MAX);
  const pdf = await readBody(request, context.uploadBytesMax);
  const startedAt = performance.now();
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const pool = kind === 'explain-image' ? context.drawingPool() : context.pool;
  const outcome = await pool.run({ kind, ...options, pdf }, gone.signal);
  const ms = Math.round(performance.now() - startedAt);
  const result = outcome.ok ? 'OK' : outcome.code;
  context.metrics.converted(options.mappingId, result, ms);
  context.log.info(
    {
      jobId,
      mapping: options.mappingId,
      kind,
      bytes: pdf.byteLength,
      result,
      ms,
      ...(outcome.ok || outcome.detail === undefined ? {} : { detail: outcome.detail }),
    },
    'document answered',
  );
  if (!outcome.ok) return sendRefusal(response, outcome.code, outcome.message);
  sendResult(response, outcome, pdf, ms);
}

function readOptions(
  context: RouteContext,
  url: URL,
  kind: TaskRequest['kind'],
): Omit<TaskRequest, 'kind' | 'pdf'> {
  if (kind === 'format') return readFormat(url.searchParams);
  const mappingId = url.searchParams.get('mapping') ?? '';
  if (!context.mappings.registry().get(mappingId))
    throw new Refusal('UNKNOWN_MAPPING', 'There is no mapping of that name.');
  const parameters: Record<string, string> = {};
  const known = kind === 'convert' ? ['mapping'] : ['mapping', 'image', 'draw', 'scale'];
  for (const [name, value] of url.searchParams) {
    const match = /^param\.([a-z][A-Za-z0-9]{0,39})$/.exec(name);
    if (match?.[1] !== undefined && value.length <= 4000) parameters[match[1]] = value;
    else if (!known.includes(name))
      throw new Refusal('BAD_PARAMETER', `The parameter ${name.slice(0, 60)} is not known.`);
  }
  if (kind !== 'explain-image') return { mappingId, parameters };
  return { mappingId, parameters, picture: readPicture(url.searchParams) };
}

/**
 * Reads `format`.
 * @throws Refusal `BAD_PARAMETER`
 */
function readFormat(given: URLSearchParams): Omit<TaskRequest, 'kind' | 'pdf'> {
  const format = invoiceFormatSchema.safeParse(given.get('format'));
  if (!format.success || given.size !== 1)
    throw new Refusal('BAD_PARAMETER', `format must be one of ${INVOICE_FORMATS.join(', ')}.`);
  return { mappingId: `format ${format.data}`, parameters: {}, format: format.data };
}

/**
 * Reads `image`, `draw` and `scale`.
 * @throws Refusal `BAD_PARAMETER`
 */
function readPicture(given: URLSearchParams): PictureRequest {
  const page = Number(given.get('image'));
  if (!Number.isInteger(page) || page < 1)
    throw new Refusal('BAD_PARAMETER', 'image must be the number of a page, from 1.');
  const draw = PAGE_DRAWINGS.find((name) => name === (given.get('draw') ?? 'boxes'));
  if (draw === undefined)
    throw new Refusal('BAD_PARAMETER', `draw must be one of ${PAGE_DRAWINGS.join(', ')}.`);
  const { min, max, default: usual } = pagePictureScale;
  const scale = Number(given.get('scale') ?? usual);
  if (!(scale >= min && scale <= max))
    throw new Refusal('BAD_PARAMETER', `scale must be a number from ${min} to ${max}.`);
  return { page, draw, scale };
}

function sendResult(
  response: ServerResponse,
  outcome: ConverterOutcome & { ok: true },
  pdf: Uint8Array,
  ms: number,
): void {
  if (response.headersSent || response.destroyed) return;
  const text = outcome.mediaType === 'image/png' ? '' : '; charset=utf-8';
  response.writeHead(200, {
    'Content-Type': `${outcome.mediaType}${text}`,
    'Content-Length': String(outcome.body.byteLength),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    [GATEWAY_HEADERS.reprDigest]: `sha-256=:${createHash('sha256').update(outcome.body).digest('base64')}:`,
    [GATEWAY_HEADERS.sourceSha256]: sha256Of(pdf),
    [GATEWAY_HEADERS.mappingVersion]: String(outcome.mappingVersion),
    ...(outcome.convertedBy === undefined
      ? {}
      : { [GATEWAY_HEADERS.convertedBy]: encodeConvertedBy(outcome.convertedBy) }),
    ...(outcome.invoice === undefined
      ? {}
      : { [GATEWAY_HEADERS.invoice]: encodeInvoiceIdentity(outcome.invoice) }),
    [GATEWAY_HEADERS.pages]: String(outcome.pages),
    [GATEWAY_HEADERS.conversionMs]: String(ms),
    [GATEWAY_HEADERS.warnings]: encodeWarnings(outcome.warnings),
  });
  response.end(outcome.body);
}

/**
 * Reads a request's body into memory.
 * @param bytesMax the most bytes; a body with a larger declared length is refused before it is read
 * @throws Refusal `TOO_LARGE`, or `BAD_REQUEST` when the caller closes the connection
 */
async function readBody(request: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const tooLarge = (): Refusal =>
    new Refusal('TOO_LARGE', `The file is larger than ${Math.floor(bytesMax / 1024 / 1024)} MB.`);
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > bytesMax) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal('BAD_REQUEST', 'The file did not arrive whole.', { cause: error });
  }
  return Buffer.concat(chunks, bytes);
}
