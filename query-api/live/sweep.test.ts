import { describe, expect, it } from '@jest/globals';
import type { WebSocket } from 'ws';
import { LIVE_CLOSE, LIVE_LIMITS } from '../../schemas/protocols/live-protocol.ts';
import type { CatchUp } from './catch-up.ts';
import type { Connection } from './connection.ts';
import { nextPingAt, sweepConnection, sweepFull } from './sweep.ts';

const NO_CATCH_UP = { resume: () => undefined } as unknown as CatchUp;

/** A connection opened at time 0 that said hello, with some bytes waiting in its socket. */
function connection(changes: Partial<Connection> = {}, bufferedAmount = 0): Connection {
  return {
    socket: { bufferedAmount } as WebSocket,
    owner: 'anna',
    clientKey: '192.0.2.1',
    operates: false,
    subscriptions: new Map(),
    openedAtMs: 0,
    greeted: true,
    budget: { left: 10, atMs: 0 },
    heardAtMs: 0,
    nextPingAtMs: nextPingAt(0, 0.5),
    fullSinceMs: null,
    closing: false,
    ...changes,
  };
}

/** The effect of a sweep at an instant: the close code and the messages sent. */
function sweptAt(nowMs: number, of: Connection) {
  const seen = { close: 0, said: [] as string[] };
  sweepConnection(of, nowMs, 0.5, {
    advance: () => undefined,
    say: (_connection, frame) => void seen.said.push(frame.type),
    close: (_connection, code) => void (seen.close = code),
  });
  return seen;
}

describe('the sweep of a connection', () => {
  it('pings after 80 to 100 % of the heartbeat, and not before', () => {
    expect(nextPingAt(0, 0)).toBe(LIVE_LIMITS.heartbeatMs);
    expect(nextPingAt(0, 0.999)).toBeGreaterThanOrEqual(LIVE_LIMITS.heartbeatMs * 0.8);
    expect(sweptAt(10_000, connection()).said).toEqual([]);
    expect(sweptAt(22_500, connection()).said).toEqual(['ping']);
  });

  it('closes a client that said nothing for two heartbeats', () => {
    expect(sweptAt(50_000, connection()).close).toBe(0);
    expect(sweptAt(50_001, connection()).close).toBe(LIVE_CLOSE.silent);
    expect(sweptAt(60_000, connection({ heardAtMs: 30_000 })).close).toBe(0);
  });

  it('closes a client without a hello in time', () => {
    expect(sweptAt(5_001, connection({ greeted: false })).close).toBe(LIVE_CLOSE.helloTimeout);
  });
});

describe('the sweep of a full connection [D32]', () => {
  const sweep = (of: Connection, nowMs: number) => {
    let code = 0;
    const sender = {
      advance: () => undefined,
      say: () => undefined,
      close: (closed: Connection, with_: number) => {
        code = with_;
        closed.closing = true;
      },
    };
    return { free: sweepFull(of, nowMs, sender, NO_CATCH_UP), code };
  };

  it('lets go of one that has room again', () => {
    const of = connection({ fullSinceMs: 1_000 }, 0);
    expect(sweep(of, 2_000)).toEqual({ free: true, code: 0 });
    expect(of.fullSinceMs).toBeNull();
  });

  it('closes one that has been full for more than 10 s, counted from the first moment', () => {
    const of = connection({ fullSinceMs: 1_000 }, 200_000);
    expect(sweep(of, 11_000)).toEqual({ free: false, code: 0 });
    expect(sweep(of, 11_001).code).toBe(LIVE_CLOSE.tooSlow);
  });

  it('closes one for which more than 1 MiB waits', () => {
    const of = connection({ fullSinceMs: 1_000 }, LIVE_LIMITS.bufferedBytesMax + 1);
    expect(sweep(of, 1_001).code).toBe(LIVE_CLOSE.tooSlow);
  });
});
