import { setTimeout as sleep } from 'node:timers/promises';
import { StoreUnusable } from '../../event-store/errors.ts';
import { ReadStoreUnavailable } from '../../read-store/read-store-errors.ts';
import { gatewayAuthorization } from '../../runtime/settings/gateway-token.ts';
import { createLog } from '../../runtime/log/log.ts';
import type { WaitingFor } from '../../runtime/service.ts';
import type { Settings } from '../../schemas/settings/config.ts';
import { readEventStoreUrl } from '../../schemas/settings/event-store-url.ts';
import { PlainFailure } from '../plain-failure.ts';
import { waitingLine } from './waiting-line.ts';

/**
 * A server that does not answer may be starting too. Docket asks it again after this time, without a limit of tries.
 */
const TRY_AGAIN_MS = 500;
const CLOSE_MS_MAX = 2_000;
const POSTGRES_PORT = '5432';

/** A server that the environment names in place of an embedded server. */
export interface NamedServer {
  readonly what: string;
  readonly setting: 'EVENTSTORE_URL' | 'DATABASE_URL' | 'GATEWAY_URL';
  /** The address without user, password and options. */
  readonly address: string;
  /**
   * Asks the server.
   * @returns null when the server is usable, otherwise the reason, and a sign whether waiting can help
   */
  readonly ask: () => Promise<Refusal | null>;
}

export interface Refusal {
  readonly why: string;
  readonly final: boolean;
}

/** The servers of these settings, in the order of the settings. */
export function namedServers(settings: Settings): NamedServer[] {
  const { EVENTSTORE_URL, DATABASE_URL, GATEWAY_URL } = settings;
  return [
    ...(EVENTSTORE_URL
      ? [named('event store', 'EVENTSTORE_URL', eventStoreAddress(EVENTSTORE_URL), () => askLog(settings))]
      : []),
    ...(DATABASE_URL
      ? [named('Postgres', 'DATABASE_URL', postgresAddress(DATABASE_URL), () => askPostgres(DATABASE_URL))]
      : []),
    ...(GATEWAY_URL
      ? [named('gateway', 'GATEWAY_URL', new URL(GATEWAY_URL).host, () => askGateway(GATEWAY_URL, settings))]
      : []),
  ];
}

/** Lines about the settings of the environment that affect this start. */
export function linesOnEnvironment(settings: Settings, servers: readonly NamedServer[]): string[] {
  return [
    ...(settings.NODE_ENV === 'development' ? [] : [`NODE_ENV: ${settings.NODE_ENV}, from the environment`]),
    ...servers.map(({ what, setting, address }) => `${what}: ${setting}, ${address}`),
  ];
}

/**
 * Waits for the servers of the environment, and shows their names and the reasons at the terminal.
 * @throws as `tryServers` does
 */
export async function waitForServers(servers: readonly NamedServer[], stop: AbortSignal): Promise<void> {
  const line = waitingLine(process.stderr);
  try {
    await tryServers(servers, stop, line.show);
  } finally {
    line.end();
  }
}

/**
 * Asks each server until it is usable. After each refusal it reports the servers for which it waits, and the reasons.
 * @throws PlainFailure SERVER_UNUSABLE with the setting and the reason, when waiting cannot help
 * @throws the reason of `stop` when that is aborted
 */
export async function tryServers(
  servers: readonly NamedServer[],
  stop: AbortSignal,
  onWaiting: (waiting: readonly WaitingFor[]) => void,
): Promise<void> {
  const waiting = new Map<NamedServer, WaitingFor>();
  // A server that can never be used also ends the wait for the other servers.
  const over = new AbortController();
  const until = AbortSignal.any([stop, over.signal]);
  const tryServer = async (server: NamedServer): Promise<void> => {
    for (;;) {
      const refusal = await server.ask();
      until.throwIfAborted();
      if (refusal === null) break;
      if (refusal.final) throw unusable(server, refusal.why);
      const since = waiting.get(server)?.since ?? new Date().toISOString();
      waiting.set(server, { dependency: server.what, at: server.address, since, ...refusal });
      onWaiting([...waiting.values()]);
      await sleep(TRY_AGAIN_MS, undefined, { signal: until }).catch(() => until.throwIfAborted());
    }
    waiting.delete(server);
  };
  try {
    await Promise.all(servers.map(tryServer));
  } finally {
    over.abort();
  }
}

function unusable({ what, setting, address }: NamedServer, why: string): PlainFailure {
  return new PlainFailure(
    'SERVER_UNUSABLE',
    `The ${what} that ${setting} names (${address}) cannot be used: ${why.replace(/\.$/, '')}. Unset ${setting} to use the embedded one.`,
  );
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

// The clients are loaded when they are needed, because the supervisor keeps for ever what it has loaded.

async function askLog(settings: Settings): Promise<Refusal | null> {
  const { connectEventLog } = await import('../../event-store/connect.ts');
  const log = connectEventLog({
    connectionString: settings.EVENTSTORE_URL ?? '',
    timeoutMs: settings.EVENTSTORE_TIMEOUT_MS,
    transport: settings.EVENTSTORE_TRANSPORT,
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

async function askPostgres(url: string): Promise<Refusal | null> {
  const { readStoreProbe } = await import('../../read-store/probe.ts');
  const asked = readStoreProbe(url);
  try {
    await asked.probe('writing');
    return null;
  } catch (error) {
    if (error instanceof ReadStoreUnavailable) return { why: error.why, final: error.final };
    return { why: (error as Error).message, final: true };
  } finally {
    // Closing a server that hangs must not delay the result.
    await Promise.race([asked.close(), sleep(CLOSE_MS_MAX, undefined, { ref: false })]);
  }
}

async function askGateway(address: string, settings: Settings): Promise<Refusal | null> {
  try {
    const answer = await fetch(new URL('/v1/mappings', address), {
      headers: gatewayAuthorization(settings.GATEWAY_TOKEN),
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
