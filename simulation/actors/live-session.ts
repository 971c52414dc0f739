import type { Bookmark } from '../../query-api/tokens/resume-token.ts';
import {
  flush,
  fromBookmark,
  fromNothing,
  startOver,
  takeChanges,
  takePage,
  type Send,
  type Step,
  type Subscription,
} from '../../query-api/live/subscription.ts';
import type { ChangedRow, Page } from '../../query-api/change-feed/page.ts';
import type { Life, World } from '../engine/world.ts';

/** A message of the server as it arrives at a client, with the token of the previous frame. */
export interface Frame {
  readonly send: Send;
  readonly previous: Bookmark | null;
}

/** A socket as the server sees it. Frames arrive in order, with a delay, or never. */
export interface Socket {
  readonly owner: string;
  open: boolean;
  /** Frames that were sent and have not arrived, in order. */
  readonly inFlight: Frame[];
  /** The time at which the last of these frames arrives. */
  lastArrivalMs: number;
  readonly receive: (frame: Frame) => void;
}

export interface LiveSession {
  readonly socket: Socket;
  changed(rows: readonly ChangedRow[], to: bigint): void;
  switched(at: Bookmark): void;
}

/** With more frames than this in flight, the socket counts as full. */
const IN_FLIGHT_MAX = 3;
const PAGE_ROWS = 2;

/**
 * Runs one subscription to `jobs` over one socket. It uses the states and messages of `subscription.ts`. Only the
 * socket and the timing are simulated.
 */
export function openSession(
  world: World,
  life: Life,
  socket: Socket,
  options: {
    bookmark: Bookmark | null;
    since: bigint;
    read: (past: bigint, rowsMax: number, phase: Subscription['phase']) => Promise<Page>;
    closed: () => void;
  },
): LiveSession {
  const { bookmark, since, read, closed } = options;
  let state: Subscription = bookmark ? fromBookmark(bookmark, since) : fromNothing(since);
  let token = bookmark;
  let round = 0;
  const hasRoom = (): boolean => socket.inFlight.length < IN_FLIGHT_MAX;

  const send = (what: Send): void => {
    const frame: Frame = { send: what, previous: token };
    if (what.type !== 'reset') token = what.to;
    const { random } = world;
    const delayMs = random.chance(world.weather().slowSocket)
      ? random.between(100, 900)
      : random.between(0.2, 8);
    socket.lastArrivalMs = Math.max(world.nowMs() + delayMs, socket.lastArrivalMs);
    socket.inFlight.push(frame);
    world.later(socket.lastArrivalMs - world.nowMs(), () => {
      const arrived = socket.inFlight.shift();
      if (!socket.open || !arrived) return;
      socket.receive(arrived);
      if (life.alive && hasRoom()) advance(flush(state));
    });
  };
  const advance = (step: Step): void => {
    if (!socket.open) return;
    state = step.next;
    for (const each of step.send) send(each);
    if (world.random.chance(world.weather().cutSocket)) {
      socket.open = false;
      closed();
    }
  };
  const catchUp = async (): Promise<void> => {
    const mine = round;
    while (socket.open && state.phase !== 'live') {
      const page = await read(state.position, PAGE_ROWS, state.phase);
      if (mine !== round || !socket.open) return;
      const before = state;
      advance(takePage(state, page));
      const moved = state.position !== before.position || state.phase !== before.phase;
      if (!moved || !hasRoom()) await new Promise((resolve) => setTimeout(resolve, 30));
    }
  };
  const start = (): void =>
    void catchUp().catch(() => {
      socket.open = false;
      closed();
    });
  start();
  return {
    socket,
    changed: (rows, to) => advance(takeChanges(state, { rows, to }, { clientHasRoom: hasRoom() })),
    switched: (at) => {
      round += 1;
      advance(startOver('epoch', at.position));
      start();
    },
  };
}
