import type { LiveStatus } from '../../live-client/live-client.ts';

/** What the page knows about its line to the server. */
export interface Connection {
  readonly status: LiveStatus;
  /** The moment since which nothing new can have arrived (ms since 1970); null while live. */
  readonly downSinceMs: number | null;
  /** True while the list is fetched by request because sockets do not get through. */
  readonly polling: boolean;
  /** True when requests do not get through either. */
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
/** Failures without one welcome that mean "sockets are blocked here" rather than "the server is away". */
const BLOCKED_AFTER_FAILURES = 3;
/** A server that was live and stays away is asked by request too, in case only sockets stopped working. */
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

/** One word for the state of the line, as the header shows it. */
export function lineOf(connection: Connection, nowMs: number): Line {
  if (connection.status.phase === 'live') return 'live';
  if (connection.polling && !connection.unreachable) return 'polling';
  const downMs = connection.downSinceMs === null ? 0 : nowMs - connection.downSinceMs;
  return downMs >= BANNER_AFTER_MS ? 'lost' : 'connecting';
}
