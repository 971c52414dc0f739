import type { Bookmark } from '../../query-api/tokens/resume-token.ts';
import type { Life, World } from '../engine/world.ts';
import type { Reached } from './clients.ts';
import type { Frame, Socket } from './live-session.ts';
import type { QueryApi } from './query-api.ts';

/** A browser that follows its own jobs and connects again after every disconnect. */
export interface LiveClient {
  readonly owner: string;
  /** The rows as they were received, by job id. */
  readonly rows: ReadonlyMap<string, string>;
  readonly connected: () => boolean;
}

const RECONNECT_MS = 400;

/**
 * Starts a client of `docket.live.v1`, which checks promise 7. No row goes back to an older state. Every delta
 * continues from the client's token. No row of another owner arrives.
 */
export function startLiveClient(world: World, owner: string, server: Reached<QueryApi>): LiveClient {
  const rows = new Map<string, string>();
  const positions = new Map<string, bigint>();
  let bookmark: Bookmark | null = null;
  let building = false;
  let socket: Socket | null = null;
  let epoch: string | null = null;
  let servedBy: Life | null = null;

  const take = (frame: Frame): void => {
    const { send, previous } = frame;
    if (send.type === 'reset') {
      bookmark = null;
      building = false;
      return;
    }
    if (send.type === 'snapshot') {
      if (!building) {
        rows.clear();
        if (epoch !== send.to.epoch) positions.clear();
      }
      building = send.more;
    } else if (!samePlace(previous, bookmark))
      world.broken('7 sockets', `${owner} got a delta that does not follow on its token`);

    epoch = send.to.epoch;
    for (const { key, owner: of, position, json } of send.rows) {
      if (of !== owner) world.broken('8 secrecy', `${owner} was sent a row of ${of}`);
      if (position < (positions.get(key) ?? -1n))
        world.broken('7 sockets', `row ${key} went back for ${owner}`);
      positions.set(key, position);
      rows.set(key, json);
    }
    bookmark = building ? null : send.to;
    world.trace.say(
      `browser ${owner}`,
      () => `${send.type} of ${send.rows.length} rows, to ${send.to.position}`,
    );
  };
  const connect = (): void => {
    building = false;
    const opened: Socket = { owner, open: true, inFlight: [], lastArrivalMs: 0, receive: take };
    const { life } = server.machine;
    if (!life.alive || server.service?.connect(opened, bookmark) !== true) return;
    socket = opened;
    servedBy = life;
  };
  const watch = (): void => {
    // The sockets of a process end with the process.
    if (socket && servedBy?.alive !== true) socket.open = false;
    if (socket?.open !== true) connect();
    world.later(RECONNECT_MS * (0.5 + world.random.next()), watch);
  };
  watch();
  return { owner, rows, connected: () => socket?.open === true };
}

function samePlace(a: Bookmark | null, b: Bookmark | null): boolean {
  return a !== null && b !== null && a.epoch === b.epoch && a.position === b.position;
}
