import { setTimeout as sleep } from 'node:timers/promises';
import { connectEventLog } from '../../event-store/connect.ts';
import { StoreUnusable } from '../../event-store/errors.ts';
import { whyUnusable } from '../../read-store/why-unusable.ts';
import { gatewayAuthorization, gatewayTokenOf } from '../../runtime/gateway-token.ts';
import { createLog } from '../../runtime/log.ts';
import type { Settings } from '../../schemas/config.ts';
import { readEventStoreUrl } from '../../schemas/event-store-url.ts';
import { PlainFailure } from '../plain-failure.ts';

/** A server that does not answer yet may be starting as well: it is asked for so long. */
const TRY_MS_MAX = 10_000;
const TRY_AGAIN_MS = 500;
const POSTGRES_PORT = '5432';

/** A server that the environment names in place of one that Docket brings itself. */
export interface NamedServer {
  readonly what: string;
  readonly setting: 'EVENTSTORE_URL' | 'DATABASE_URL' | 'GATEWAY_URL';
  /** Without user, password and options. */
  readonly address: string;
  /** @returns null when it can be used, or why not, and whether waiting cannot help */
  readonly ask: () => Promise<Refusal | null>;
}

export interface Refusal {
  readonly why: string;
  readonly final: boolean;
}

/** The servers that these settings name, in the order of the settings. */
export function namedServers(settings: Settings): NamedServer[] {
  const { EVENTSTORE_URL, DATABASE_URL, GATEWAY_URL, DATABASE_TIMEOUT_MS } = settings;
  return [
    ...(EVENTSTORE_URL
      ? [named('event store', 'EVENTSTORE_URL', eventStoreAddress(EVENTSTORE_URL), () => askLog(settings))]
      : []),
    ...(DATABASE_URL
      ? [
          named('Postgres', 'DATABASE_URL', postgresAddress(DATABASE_URL), () =>
            whyUnusable(DATABASE_URL, DATABASE_TIMEOUT_MS),
          ),
        ]
      : []),
    ...(GATEWAY_URL
      ? [named('gateway', 'GATEWAY_URL', new URL(GATEWAY_URL).host, () => askGateway(GATEWAY_URL, settings))]
      : []),
  ];
}

/** What the environment decides about this start, a line each. */
export function linesOnEnvironment(settings: Settings, servers: readonly NamedServer[]): string[] {
  return [
    ...(settings.NODE_ENV === 'development' ? [] : [`NODE_ENV: ${settings.NODE_ENV}, from the environment`]),
    ...servers.map(({ what, setting, address }) => `${what}: ${setting}, ${address}`),
  ];
}

/**
 * Asks each server whether it can be used.
 * @throws PlainFailure SERVER_UNUSABLE with the name of the setting and the reason
 * @throws the reason of `stop` when that is aborted
 */
export async function tryServers(servers: readonly NamedServer[], stop: AbortSignal): Promise<void> {
  await Promise.all(servers.map((server) => tryServer(server, stop)));
}

async function tryServer(server: NamedServer, stop: AbortSignal): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    const refusal = await server.ask();
    stop.throwIfAborted();
    if (refusal === null) return;
    if (refusal.final || performance.now() - startedAt > TRY_MS_MAX) {
      const { what, setting, address } = server;
      const why = refusal.why.replace(/\.$/, '');
      throw new PlainFailure(
        'SERVER_UNUSABLE',
        `The ${what} that ${setting} names (${address}) cannot be used: ${why}. Unset ${setting} for the one that Docket brings itself.`,
      );
    }
    await sleep(TRY_AGAIN_MS, undefined, { signal: stop });
  }
}

function named(
  what: string,
  setting: NamedServer['setting'],
  address: string,
  ask: NamedServer['ask'],
): NamedServer {
  return { what, setting, address, ask };
}

function eventStoreAddress(connectionString: string): string {
  const read = readEventStoreUrl(connectionString);
  return 'url' in read ? read.url.address : '';
}

function postgresAddress(connectionString: string): string {
  const { hostname, port, pathname, searchParams } = new URL(connectionString);
  const host = searchParams.get('host') ?? hostname;
  return `${host === '' ? 'localhost' : host}:${port === '' ? POSTGRES_PORT : port}${decodeURI(pathname)}`;
}

async function askLog(settings: Settings): Promise<Refusal | null> {
  const log = connectEventLog({
    connectionString: settings.EVENTSTORE_URL ?? '',
    timeoutMs: settings.EVENTSTORE_TIMEOUT_MS,
    log: createLog('event-store', 'silent'),
  });
  try {
    await log.probe();
    return null;
  } catch (error) {
    if (error instanceof StoreUnusable) return { why: error.message, final: error.final };
    throw error;
  } finally {
    await log.close();
  }
}

async function askGateway(address: string, settings: Settings): Promise<Refusal | null> {
  try {
    const answer = await fetch(new URL('/v1/mappings', address), {
      headers: gatewayAuthorization(gatewayTokenOf(settings)),
      signal: AbortSignal.timeout(settings.GATEWAY_TIMEOUT_MS),
    });
    await answer.body?.cancel();
    if (answer.ok) return null;
    const asksWho = answer.status === 401 || answer.status === 403;
    return asksWho
      ? { why: 'it does not take the token of GATEWAY_TOKEN', final: true }
      : { why: `it answers ${answer.status}`, final: answer.status < 500 };
  } catch (error) {
    const { cause, message } = error as Error;
    return { why: cause instanceof Error && cause.message !== '' ? cause.message : message, final: false };
  }
}
