import { setTimeout as sleep } from 'node:timers/promises';
import { backoffDelayMs } from '../schemas/backoff.ts';
import {
  gatewayMappingsSchema,
  invoiceFormatSchema,
  type InvoiceFormat,
} from '../schemas/protocols/gateway-protocol.ts';
import type { MappingListing } from '../schemas/protocols/http-api.ts';
import { gatewayAuthorization } from './settings/gateway-token.ts';
import type { Log } from './log/log.ts';
import { outageLog } from './log/outage-log.ts';
import { untilTick } from './process-tick.ts';

/** Longest wait for one answer of the gateway. */
const FETCH_TIMEOUT_MS = 5_000;
/** Most bytes of a list, far more than any real list has. A larger answer is not from a gateway of Docket. */
const LIST_BYTES_MAX = 1024 * 1024;
const BACKOFF = { firstMs: 400, maxMs: 10_000 };
/** Nobody asked for the list for this long: the directory then fetches it every `UNASKED_MS` (ADR 0202). */
const ASKED_WITHIN_MS = 60_000;
const UNASKED_MS = 60_000;
/** Longest wait of `fresh`. */
const FRESH_MS_MAX = 1_000;

/** The mappings of the gateway, cached so that an upload does not wait for it while uploads are frequent. */
export interface MappingDirectory {
  /** The last valid list; empty before the first list. */
  list(): readonly MappingListing[];
  find(id: string): MappingListing | null;
  /** Resolves with the first list. Stays pending while the gateway does not answer. */
  readonly ready: Promise<void>;
  /** True after the first list. */
  loaded(): boolean;
  /**
   * Resolves when the list is recent. That is at once while somebody asks regularly, otherwise after one fetch. Resolves
   * after a second when the gateway does not answer.
   */
  fresh(): Promise<void>;
  stop(): void;
}

/**
 * Fetches the gateway's list at intervals. While the gateway does not answer, the last valid list stays, and the
 * directory retries with backoff.
 *
 * @param options.refreshMs the pause between two fetches while somebody asks for the list
 */
export function createMappingDirectory(options: {
  gatewayUrl: string;
  /** The token that the gateway requires, if any. */
  token?: string | undefined;
  log: Log;
  refreshMs: number;
  unaskedMs?: number;
  askedWithinMs?: number;
}): MappingDirectory {
  const { log, refreshMs, unaskedMs = UNASKED_MS, askedWithinMs = ASKED_WITHIN_MS } = options;
  const address = new URL('/v1/mappings', options.gatewayUrl);
  const stopped = new AbortController();
  let byId: ReadonlyMap<string, MappingListing> = new Map();
  let isLoaded = false;
  const outage = outageLog(log, 'the gateway does not list its mappings');
  const { promise: ready, resolve: nowReady } = Promise.withResolvers<void>();

  const rest = restBetweenFetches({ refreshMs, unaskedMs, askedWithinMs, stopped: stopped.signal });
  /** Resolves with the next end of a fetch. */
  let fetched = Promise.withResolvers<void>();
  /** True from the first question after a long rest until the fetch that it causes ends. */
  let isStale = false;
  const asked = (): void => {
    if (rest.asked()) isStale = true;
  };
  const fetchOnce = async (): Promise<void> => {
    try {
      const listed = await fetchMappings(address, options.token, stopped.signal);
      byId = new Map(listed.map((entry) => [entry.id, entry]));
      isLoaded = true;
      nowReady();
    } finally {
      isStale = false;
      fetched.resolve();
      fetched = Promise.withResolvers();
    }
  };

  const keepFresh = async (): Promise<void> => {
    let failures = 0;
    while (!stopped.signal.aborted)
      try {
        await fetchOnce();
        failures = 0;
        outage.worked();
        await rest.pause();
      } catch (error) {
        if (stopped.signal.aborted) return;
        failures += 1;
        outage.failed(error);
        const maxMs = Math.min(BACKOFF.maxMs, Math.max(refreshMs, BACKOFF.firstMs));
        const waitMs = backoffDelayMs({ ...BACKOFF, maxMs }, failures, Math.random());
        await pause(untilTick(waitMs), stopped.signal);
      }
  };
  void keepFresh();

  return {
    list: () => {
      asked();
      return [...byId.values()];
    },
    find: (id) => {
      asked();
      return byId.get(id) ?? null;
    },
    ready,
    loaded: () => isLoaded,
    fresh: async () => {
      asked();
      if (!isStale) return;
      const waiting = new AbortController();
      await Promise.race([fetched.promise, pause(FRESH_MS_MAX, waiting.signal)]);
      waiting.abort();
    },
    stop: () => stopped.abort(),
  };
}

/** The pauses after fetches that succeeded. */
function restBetweenFetches(parts: {
  readonly refreshMs: number;
  readonly unaskedMs: number;
  readonly askedWithinMs: number;
  readonly stopped: AbortSignal;
}) {
  const { refreshMs, unaskedMs, askedWithinMs, stopped } = parts;
  let askedAtMs = performance.now();
  /** Ends the long pause; null at other times. */
  let resting: AbortController | null = null;
  return {
    /** Notes a question. Returns true when it ended a long pause. */
    asked: (): boolean => {
      askedAtMs = performance.now();
      if (resting === null) return false;
      resting.abort();
      resting = null;
      return true;
    },
    pause: async (): Promise<void> => {
      if (performance.now() - askedAtMs < askedWithinMs) return pause(untilTick(refreshMs), stopped);
      resting = new AbortController();
      const ending = AbortSignal.any([stopped, resting.signal]);
      await pause(untilTick(Math.max(refreshMs, unaskedMs)), ending);
      resting = null;
    },
  };
}

function pause(ms: number, ending: AbortSignal): Promise<void> {
  return sleep(ms, undefined, { signal: ending, ref: false }).catch(() => undefined);
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
