import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { failureOfAnswer, AttemptFailed } from '../../processor/gateway-call/gateway-failure.ts';
import type { ConversionCall, GatewayClient } from '../../processor/gateway-call/gateway-client.ts';
import { readResultHeaders } from '../../processor/gateway-call/result-headers.ts';
import { GATEWAY_HEADERS } from '../../schemas/protocols/gateway-protocol.ts';
import type { Life, World } from '../engine/world.ts';

/** The start of a document that the gateway refuses permanently. */
export const REFUSED_DOCUMENT = '%PDF-refused';

/** The calls that reached the gateway. */
export interface GatewayServer {
  readonly calls: { readonly jobId: string; readonly atMs: number }[];
}

/** The result that the gateway makes of a document. The result names the document, so that a check can compare them. */
export function resultOf(sourceSha256: string): Buffer {
  return Buffer.from(
    `<?xml version="1.0"?>\n<invoice source="${sourceSha256}"><total>${sourceSha256.length}</total></invoice>\n`,
  );
}

/** The gateway for one run of a processor: slow, without an answer, failing, or with a wrong answer. */
export function simulatedGateway(
  world: World,
  life: Life,
  server: GatewayServer,
  timeoutMs: number,
): GatewayClient {
  return {
    convert: async (call, receive) => {
      const ending = new AbortController();
      const signal = AbortSignal.any([ending.signal, call.signal]);
      const timer = setTimeout(() => ending.abort(), timeoutMs);
      try {
        return await receive(await answer(world, life, server, { ...call, signal }), signal);
      } catch (error) {
        if (call.signal.aborted) throw call.signal.reason;
        if (ending.signal.aborted) throw timedOut(timeoutMs, error);
        throw error;
      } finally {
        clearTimeout(timer);
        call.source.destroy();
      }
    },
    healthy: () => Promise.resolve(true),
    close: () => undefined,
  };
}

async function answer(world: World, life: Life, server: GatewayServer, call: ConversionCall) {
  const { random } = world;
  const weather = world.weather();
  const document = await readAll(call.source);
  await waits(life, random.between(1, random.chance(weather.slow) ? 1_200 : 60), call.signal);
  if (random.chance(weather.gatewayUnreachable)) {
    world.trace.say(life.name, () => `gateway: cannot be reached for ${call.jobId}`);
    throw new AttemptFailed('GW_UNREACHABLE', 'The gateway cannot be reached.', {
      countsAgainstGateway: true,
    });
  }
  server.calls.push({ jobId: call.jobId, atMs: world.nowMs() });
  if (random.chance(weather.gatewaySilent)) {
    world.trace.say(life.name, () => `gateway: says nothing about ${call.jobId}`);
    await waits(life, Infinity, call.signal);
  }
  if (document.toString('latin1').startsWith(REFUSED_DOCUMENT)) throw refusal(world, life, call, 422);
  if (random.chance(weather.gateway5xx)) throw refusal(world, life, call, random.pick([500, 503, 429]));
  await waits(life, random.between(1, 40 + weather.gatewayPaceMs), call.signal);
  return random.chance(weather.gatewayGarbage) ? garbage(world, life, call) : honest(call);
}

function honest(call: ConversionCall, body = resultOf(call.sourceSha256), announced = body) {
  const headers = {
    'content-type': 'application/xml',
    'content-length': String(announced.length),
    [GATEWAY_HEADERS.reprDigest.toLowerCase()]: `sha-256=:${createHash('sha256').update(announced).digest('base64')}:`,
    [GATEWAY_HEADERS.sourceSha256.toLowerCase()]: call.sourceSha256,
    [GATEWAY_HEADERS.mappingVersion.toLowerCase()]: String(call.mapping.version),
    [GATEWAY_HEADERS.pages.toLowerCase()]: '1',
    [GATEWAY_HEADERS.conversionMs.toLowerCase()]: '5',
  };
  return {
    ...readResultHeaders(headers, call),
    body: Readable.from([body.subarray(0, 40), body.subarray(40)], { objectMode: false }),
  };
}

/**
 * Answers 200 without the result: a shortened body, a page of HTML, other bytes than announced, or another document's
 * result (D17).
 */
function garbage(world: World, life: Life, call: ConversionCall) {
  const right = resultOf(call.sourceSha256);
  const kind = world.random.pick(['cut off', 'html', 'other bytes', 'another document'] as const);
  world.trace.say(life.name, () => `gateway: answers garbage (${kind}) for ${call.jobId}`);
  switch (kind) {
    case 'cut off':
      return honest(call, right.subarray(0, 50), right);
    case 'html':
      return honest(call, Buffer.from('<!-- x --><html><body>Bad gateway, please try again</body></html>'));
    case 'other bytes':
      return honest(call, Buffer.from(right.toString().replace('total>', 'total>0')), right);
    case 'another document': {
      const other = { ...call, sourceSha256: '0'.repeat(64) };
      const { body, ...rest } = honest(other);
      body.destroy();
      // The product's own check of the headers refuses this answer.
      const headers = {
        'content-type': 'application/xml',
        [GATEWAY_HEADERS.sourceSha256.toLowerCase()]: other.sourceSha256,
      };
      readResultHeaders(headers, call);
      return { ...rest, body };
    }
    default:
      return kind satisfies never;
  }
}

function refusal(world: World, life: Life, call: ConversionCall, status: number): AttemptFailed {
  world.trace.say(life.name, () => `gateway: answers ${status} for ${call.jobId}`);
  const body = status === 422 ? '{"code":"NO_TEXT","message":"This PDF has no text."}' : '';
  return failureOfAnswer({ status, retryAfter: status === 503 ? '1' : undefined, body }, 0);
}

function timedOut(timeoutMs: number, cause: unknown): AttemptFailed {
  const message = `The gateway did not finish within ${timeoutMs} ms.`;
  return new AttemptFailed('GW_TIMEOUT', message, { cause, countsAgainstGateway: true });
}

function waits(life: Life, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    if (ms === Infinity) return;
    life.inside.later(ms, () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
  });
}

async function readAll(source: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch (cause) {
    throw new AttemptFailed('IO_ERROR', 'The stored PDF could not be read.', { cause });
  }
  return Buffer.concat(chunks);
}
