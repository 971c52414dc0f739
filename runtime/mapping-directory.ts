import { get, type IncomingMessage } from 'node:http';
import { get as tlsGet } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { backoffDelayMs } from '../schemas/backoff.ts';
import {
  gatewayMappingsSchema,
  invoiceFormatSchema,
  type InvoiceFormat,
} from '../schemas/gateway-protocol.ts';
import type { MappingListing } from '../schemas/http-api.ts';
import { gatewayAuthorization } from './gateway-token.ts';
import type { Log } from './log.ts';
import { outageLog } from './outage-log.ts';
import { untilTick } from './process-tick.ts';

/** Longest wait for one answer of the gateway. */
const FETCH_TIMEOUT_MS = 5_000;
/** Most bytes of a list, far above any real one. A larger answer is not from a gateway of Docket. */
const LIST_BYTES_MAX = 1024 * 1024;
const BACKOFF = { firstMs: 400, maxMs: 10_000 };

/** The mappings of the gateway, cached so that an upload never waits for it. */
export interface MappingDirectory {
  /** The last valid list; empty until the first. */
  list(): readonly MappingListing[];
  find(id: string): MappingListing | null;
  /** Resolves with the first list. Stays pending while the gateway does not answer. */
  readonly ready: Promise<void>;
  /** True after the first list. */
  loaded(): boolean;
  stop(): void;
}

/**
 * Fetches the gateway's list at intervals. While the gateway does not answer, the last valid list stays, and the
 * directory retries with backoff.
 */
export function createMappingDirectory(options: {
  gatewayUrl: string;
  /** The token that the gateway requires, if any. */
  token?: string | undefined;
  log: Log;
  refreshMs: number;
}): MappingDirectory {
  const { log, refreshMs } = options;
  const address = new URL('/v1/mappings', options.gatewayUrl);
  const stopped = new AbortController();
  let byId: ReadonlyMap<string, MappingListing> = new Map();
  let isLoaded = false;
  const outage = outageLog(log, 'the gateway does not list its mappings');
  const { promise: ready, resolve: nowReady } = Promise.withResolvers<void>();

  const keepFresh = async (): Promise<void> => {
    let failures = 0;
    while (!stopped.signal.aborted) {
      try {
        byId = new Map(
          (await fetchMappings(address, options.token, stopped.signal)).map((entry) => [entry.id, entry]),
        );
        isLoaded = true;
        nowReady();
        failures = 0;
        outage.worked();
      } catch (error) {
        if (stopped.signal.aborted) return;
        failures += 1;
        outage.failed(error);
      }
      const maxMs = Math.min(BACKOFF.maxMs, Math.max(refreshMs, BACKOFF.firstMs));
      const waitMs =
        failures === 0 ? refreshMs : backoffDelayMs({ ...BACKOFF, maxMs }, failures, Math.random());
      await sleep(untilTick(waitMs), undefined, { signal: stopped.signal, ref: false }).catch(
        () => undefined,
      );
    }
  };
  void keepFresh();

  return {
    list: () => [...byId.values()],
    find: (id) => byId.get(id) ?? null,
    ready,
    loaded: () => isLoaded,
    stop: () => stopped.abort(),
  };
}

async function fetchMappings(
  address: URL,
  token: string | undefined,
  stopped: AbortSignal,
): Promise<MappingListing[]> {
  const signal = AbortSignal.any([stopped, AbortSignal.timeout(FETCH_TIMEOUT_MS)]);
  const text = await boundedText(await answerOf(address, gatewayAuthorization(token), signal));
  const mappings = gatewayMappingsSchema.parse(JSON.parse(text));
  return mappings.map(({ id, version, label, default: isDefault, mediaType, parameters, formats }) => ({
    id,
    version,
    label,
    default: isDefault,
    mediaType,
    ...(parameters === undefined ? {} : { parameters }),
    ...(formats === undefined ? {} : { formats: formats.filter(isInvoiceFormat) }),
  }));
}

/** The gateway of a newer build may produce formats that this build does not know. */
function isInvoiceFormat(format: string): format is InvoiceFormat {
  return invoiceFormatSchema.safeParse(format).success;
}

/**
 * Resolves with an answer of 200, whose body is still unread. It uses Node's own request, because the kept sockets of
 * `fetch` have timers that wake an idle process twice a second.
 */
function answerOf(
  address: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const send = address.protocol === 'https:' ? tlsGet : get;
  return new Promise((resolve, reject) => {
    const asking = send(address, { agent: false, headers, signal }, (answer) => {
      if (answer.statusCode === 200) return resolve(answer);
      answer.destroy();
      reject(new Error(`The gateway answered ${answer.statusCode ?? 0} to ${address.pathname}.`));
    });
    asking.on('error', reject);
  });
}

async function boundedText(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LIST_BYTES_MAX) throw new Error(`The gateway's list is longer than ${LIST_BYTES_MAX} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
