import { LIVE_CLOSE, LIVE_LIMITS } from '../../schemas/protocols/live-protocol.ts';
import { hasRoom, isTooSlow, type Connection } from './connection.ts';
import type { CatchUp } from './catch-up.ts';
import type { Sender } from './sender.ts';
import { flush } from './subscription.ts';

/**
 * A heartbeat is sent after 80 to 100 % of its interval, so that the heartbeats of clients that connected together
 * spread out.
 */
const HEARTBEAT_JITTER = 0.2;
/** A client that is silent for two heartbeats counts as gone, whatever TCP reports. */
const SILENT_HEARTBEATS_MAX = 2;
/** The interval at which full sockets are checked. All other sockets are checked at every `SWEEP_EVERY`-th tick. */
const TICK_MS = 100;
const SWEEP_EVERY = 10;

/** The time of a connection's next ping. */
export function nextPingAt(nowMs: number, random: number): number {
  return nowMs + LIVE_LIMITS.heartbeatMs * (1 - HEARTBEAT_JITTER * random);
}

/** Checks one connection: the hello came in time, a heartbeat is due, the client still answers. */
export function sweepConnection(connection: Connection, nowMs: number, random: number, sender: Sender): void {
  if (connection.closing) return;
  if (!connection.greeted && nowMs - connection.openedAtMs > LIVE_LIMITS.helloMsMax)
    return sender.close(connection, LIVE_CLOSE.helloTimeout, 'no hello in time');
  if (nowMs - connection.heardAtMs > LIVE_LIMITS.heartbeatMs * SILENT_HEARTBEATS_MAX)
    return sender.close(connection, LIVE_CLOSE.silent, 'no sign of life');
  if (connection.greeted && nowMs >= connection.nextPingAtMs) {
    connection.nextPingAtMs = nextPingAt(nowMs, random);
    sender.say(connection, { type: 'ping' });
  }
}

/**
 * Checks a connection with a full socket. It sends held changes when there is room, and closes a connection that is
 * slow for too long. Returns true when the socket is no longer full.
 */
export function sweepFull(connection: Connection, nowMs: number, sender: Sender, catchUp: CatchUp): boolean {
  if (connection.closing) return true;
  const since = connection.fullSinceMs;
  connection.fullSinceMs = null;
  if (!hasRoom(connection, nowMs)) {
    connection.fullSinceMs = since ?? nowMs;
    if (isTooSlow(connection, nowMs)) sender.close(connection, LIVE_CLOSE.tooSlow, 'the client is too slow');
    return connection.closing;
  }
  for (const follower of connection.subscriptions.values()) {
    sender.advance(follower, flush(follower.state));
    catchUp.resume(follower);
  }
  return true;
}

/**
 * Calls `sweep` at every tick: for full sockets only, and at every `SWEEP_EVERY`-th tick for all. It ticks only while
 * sockets are open, because a timer of `TICK_MS` would keep an idle processor awake.
 */
export function createSweeps({
  sweep,
  isNeeded,
}: {
  readonly sweep: (isFullRound: boolean) => void;
  readonly isNeeded: () => boolean;
}): { begin(): void; stop(): void } {
  let ticks = 0;
  let ticker: NodeJS.Timeout | undefined;
  const stop = (): void => {
    clearInterval(ticker);
    ticker = undefined;
  };
  const tick = (): void => {
    ticks = (ticks + 1) % SWEEP_EVERY;
    sweep(ticks === 0);
    if (!isNeeded()) stop();
  };
  return {
    begin: () => {
      ticker ??= setInterval(tick, TICK_MS).unref();
    },
    stop,
  };
}
