import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { GATEWAY_HEADERS } from '../../schemas/protocols/gateway-protocol.ts';
import type { MappingRef } from '../../schemas/events/job-events.ts';
import { crashPoint } from '../../runtime/crash-points.ts';
import { gatewayAuthorization } from '../../runtime/settings/gateway-token.ts';
import { AttemptFailed, badOutput, failureOfAnswer } from './gateway-failure.ts';
import { readResultHeaders, type ResultHeaders } from './result-headers.ts';

/** Most bytes of a refusal that the client reads. */
const REFUSAL_BYTES_MAX = 64 * 1024;
/** Longest wait for an answer to `GET /health`. */
const HEALTH_TIMEOUT_MS = 2_000;
/** The client closes an idle connection before the server does. A server on Node closes it after 5 s by default. */
const IDLE_SOCKET_MS = 4_000;

/** One document for the gateway. */
export interface ConversionCall {
  readonly jobId: string;
  readonly mapping: MappingRef;
  readonly source: Readable;
  readonly sourceBytes: number;
  /** SHA-256 of the document. The answer must name the same hash. */
  readonly sourceSha256: string;
  /** Ends the call. The call then rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

/** The head of the gateway's answer, and its body as a stream. */
export interface GatewayResult extends ResultHeaders {
  readonly body: Readable;
}

export interface GatewayClient {
  /**
   * Sends a document and passes the answer to `receive`, within one deadline for both. So the deadline also ends a call
   * whose gateway sends one byte a second (D16).
   * @throws AttemptFailed, the signal's reason, or the error of `receive`
   */
  convert<Received>(
    call: ConversionCall,
    receive: (result: GatewayResult, signal: AbortSignal) => Promise<Received>,
  ): Promise<Received>;
  /** True when `GET /health` answers 200 in time. */
  healthy(): Promise<boolean>;
  close(): void;
}

/**
 * Calls the gateway over HTTP/1.1 with kept-alive connections. The client does not follow redirects (A-SS02).
 *
 * @param options.token the token that the gateway requires, if any
 * @param options.timeoutMs longest time for one call, from connecting to the last byte
 */
export function gatewayClient(options: {
  url: string;
  token?: string | undefined;
  timeoutMs: number;
  connectionsMax: number;
}): GatewayClient {
  const base = new URL(options.url);
  const secure = base.protocol === 'https:';
  const agentOptions = { keepAlive: true, maxSockets: options.connectionsMax + 1, timeout: IDLE_SOCKET_MS };
  const agent = secure ? new TlsAgent(agentOptions) : new Agent(agentOptions);
  const send = secure ? tlsRequest : request;
  const authorization = gatewayAuthorization(options.token);
  const address = (path: string): URL => new URL(base.pathname.replace(/\/$/, '') + path, base);

  return {
    convert: async (call, receive) => {
      const deadline = AbortSignal.timeout(options.timeoutMs);
      const signal = AbortSignal.any([deadline, call.signal]);
      const open = (): ClientRequest =>
        send(address(conversionPath(call.mapping)), {
          method: 'POST',
          agent,
          signal,
          headers: {
            ...authorization,
            'Content-Type': 'application/pdf',
            'Content-Length': call.sourceBytes,
            'Accept-Encoding': 'identity',
            [GATEWAY_HEADERS.jobId]: call.jobId,
          },
        });
      try {
        return await converse(open, call, (result) => receive(result, signal));
      } catch (error) {
        if (call.signal.aborted) throw call.signal.reason;
        if (deadline.aborted) throw timedOut(options.timeoutMs, error);
        throw error;
      } finally {
        call.source.destroy();
      }
    },
    healthy: () =>
      isHealthy(() =>
        send(address('/health'), {
          agent,
          signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS),
          headers: authorization,
        }),
      ),
    close: () => agent.destroy(),
  };
}

/** The address has each parameter of the mapping as `param.NAME`. */
function conversionPath({ id, parameters = {} }: MappingRef): string {
  const query = new URLSearchParams({ mapping: id });
  for (const [name, value] of Object.entries(parameters)) query.set(`param.${name}`, value);
  return `/v1/convert?${query.toString()}`;
}

async function converse<Received>(
  open: () => ClientRequest,
  call: ConversionCall,
  receive: (result: GatewayResult) => Promise<Received>,
): Promise<Received> {
  const response = await exchange(open(), call);
  try {
    if (response.statusCode !== 200) throw await refusal(response);
    const headers = readResultHeaders(response.headers, call);
    return await receive({ ...headers, body: response });
  } catch (error) {
    if (response.errored !== null && error === response.errored)
      throw badOutput('The gateway ended its answer too early.', { cause: error });
    throw error;
  } finally {
    // A connection with unread bytes cannot be used again.
    if (!response.readableEnded) response.destroy();
  }
}

/** Sends the document and waits for the head of the answer, which may come before the last byte is sent. */
function exchange(sending: ClientRequest, { source, jobId }: ConversionCall): Promise<IncomingMessage> {
  return new Promise<IncomingMessage>((resolve, reject) => {
    sending.once('response', resolve);
    // The handler is not removed, because the upload fails after an early answer. Such a failure is no error.
    sending.on('error', (error) => reject(unreachable(error)));
    source.once('error', (error) => {
      reject(new AttemptFailed('IO_ERROR', 'The stored PDF could not be read.', { cause: error }));
      sending.destroy();
    });
    sending.once('finish', () => crashPoint('during-gateway', jobId));
    source.pipe(sending);
  });
}

async function refusal(response: IncomingMessage): Promise<AttemptFailed> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > REFUSAL_BYTES_MAX) break;
  }
  const answer = {
    status: response.statusCode ?? 0,
    retryAfter: response.headers['retry-after'],
    body: Buffer.concat(chunks).toString('utf8'),
  };
  return failureOfAnswer(answer, Date.now());
}

function unreachable(cause: Error): AttemptFailed {
  return new AttemptFailed('GW_UNREACHABLE', 'The gateway cannot be reached.', {
    cause,
    countsAgainstGateway: true,
  });
}

function timedOut(timeoutMs: number, cause: unknown): AttemptFailed {
  return new AttemptFailed('GW_TIMEOUT', `The gateway did not finish within ${timeoutMs} ms.`, {
    cause,
    countsAgainstGateway: true,
  });
}

async function isHealthy(open: () => ClientRequest): Promise<boolean> {
  return new Promise((resolve) => {
    const asking = open();
    asking.once('response', (response) => {
      response.once('error', () => resolve(false));
      response.resume().once('end', () => resolve(response.statusCode === 200));
    });
    asking.on('error', () => resolve(false));
    asking.end();
  });
}
