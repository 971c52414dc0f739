import type { LiveStatus } from '../../live-client/live-client.ts';

/** The state of the page's connection to the server. */
export interface Connection {
  readonly status: LiveStatus;
  /** The time since which no news can have arrived (ms since 1970); null while the connection is live. */
  readonly downSinceMs: number | null;
  /** True while requests fetch the list, because sockets do not work. */
  readonly polling: boolean;
  /** True when requests fail as well. */
  readonly unreachable: boolean;
}

export const NOT_YET_CONNECTED: Connection = {
  status: { phase: 'connecting', failures: 0, everLive: false },
  downSinceMs: null,
  polling: false,
  unreachable: false,
};

/** The banner appears after this time, so that a short interruption shows none. */
export const BANNER_AFTER_MS = 5_000;
/**
 * After this many failures without a welcome, the page assumes that the server runs and that the network blocks
 * sockets.
 */
const BLOCKED_AFTER_FAILURES = 3;
/** After this many failures of a connection that was live, requests are tried as well, in case only sockets fail. */
const BLOCKED_AFTER_FAILURES_ONCE_LIVE = 8;

export function withStatus(connection: Connection, status: LiveStatus, nowMs: number): Connection {
  if (status.phase === 'live') return { status, downSinceMs: null, polling: false, unreachable: false };
  const limit = status.everLive ? BLOCKED_AFTER_FAILURES_ONCE_LIVE : BLOCKED_AFTER_FAILURES;
  return {
    ...connection,
    status,
    downSinceMs: connection.downSinceMs ?? nowMs,
    polling: connection.polling || status.failures >= limit,
  };
}

export type Line = 'live' | 'connecting' | 'polling' | 'lost';

/** The state of the connection in one word, for the header. */
export function lineOf(connection: Connection, nowMs: number): Line {
  if (connection.status.phase === 'live') return 'live';
  if (connection.polling && !connection.unreachable) return 'polling';
  const downMs = connection.downSinceMs === null ? 0 : nowMs - connection.downSinceMs;
  return downMs >= BANNER_AFTER_MS ? 'lost' : 'connecting';
}
