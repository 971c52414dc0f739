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
  // `fetch` keeps its socket open. In drill D27 file handles run out, and requests that open a new socket each time
  // fail.
  const answer = await fetch(address, { signal, redirect: 'error', headers: gatewayAuthorization(token) });
  if (!answer.ok) {
    await answer.body?.cancel();
    throw new Error(`The gateway answered ${answer.status} to ${address.pathname}.`);
  }
  const mappings = gatewayMappingsSchema.parse(JSON.parse(await boundedText(answer)));
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

async function boundedText(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length;
    if (bytes > LIST_BYTES_MAX) throw new Error(`The gateway's list is longer than ${LIST_BYTES_MAX} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
