import { WebSocket } from 'ws';
import type { JobView } from '../../schemas/protocols/http-api.ts';
import { LIVE_PATH, LIVE_PROTOCOL, ServerFrame } from '../../schemas/protocols/live-protocol.ts';

/** A socket of a test. It has every received frame in order, checked against the schema. */
export interface LiveTester {
  readonly socket: WebSocket;
  readonly frames: ServerFrame[];
  /** Resolves with the close code. */
  readonly closed: Promise<number>;
  send(frame: unknown): void;
  /** Resolves with the first frame of a type that satisfies `where`, beginning with frame number `after`. */
  frame<Type extends ServerFrame['type']>(
    type: Type,
    where?: (frame: FrameOf<Type>) => boolean,
    after?: number,
  ): Promise<FrameOf<Type>>;
}

export type FrameOf<Type extends ServerFrame['type']> = Extract<ServerFrame, { type: Type }>;

/** The rows of a frame. */
export function rowsOf(frame: { readonly rows: readonly unknown[] }): readonly JobView[] {
  return frame.rows as readonly JobView[];
}

const FRAME_MS_MAX = 8_000;

/** Opens a socket with a session and Docket's Origin. Sends hello by default. */
export async function openLive(
  installation: { readonly port: number; cookieOf(owner: string): string },
  owner: string,
  options: { hello?: boolean; headers?: Record<string, string> } = {},
): Promise<LiveTester> {
  const address = `127.0.0.1:${installation.port}`;
  const socket = new WebSocket(`ws://${address}${LIVE_PATH}`, [LIVE_PROTOCOL], {
    headers: { origin: `http://${address}`, cookie: installation.cookieOf(owner), ...options.headers },
  });
  const frames: ServerFrame[] = [];
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  socket.on('message', (message: Buffer) => frames.push(ServerFrame.parse(JSON.parse(message.toString()))));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  socket.on('error', () => undefined);
  const tester: LiveTester = {
    socket,
    frames,
    closed,
    send: (frame) => socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame)),
    frame: async <Type extends ServerFrame['type']>(
      type: Type,
      where: (frame: FrameOf<Type>) => boolean = () => true,
      after = 0,
    ) => {
      const deadline = Date.now() + FRAME_MS_MAX;
      for (;;) {
        const ofType = frames.slice(after).filter((frame): frame is FrameOf<Type> => frame.type === type);
        const found = ofType.find(where);
        if (found) return found;
        if (Date.now() > deadline)
          throw new Error(`no such ${type} in time; got ${JSON.stringify(frames).slice(0, 600)}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
  if (options.hello !== false) {
    tester.send({ type: 'hello', protocol: LIVE_PROTOCOL });
    await tester.frame('welcome');
  }
  return tester;
}

/** The state of a careful client: rows by job, the token, and complaints about everything that must not happen. */
export interface LiveRows {
  readonly rows: Map<string, JobView>;
  readonly faults: string[];
  token: string | null;
  building: boolean;
}

export function noRows(): LiveRows {
  return { rows: new Map(), faults: [], token: null, building: false };
}

/** Processes a frame of one subscription, as docs/live-protocol.md describes it. */
export function takeIn(held: LiveRows, frame: ServerFrame): void {
  if (frame.type === 'reset') {
    held.token = null;
    held.building = false;
  } else if (frame.type === 'snapshot') {
    if (!held.building) held.rows.clear();
    held.building = frame.more;
    for (const row of frame.rows as JobView[]) held.rows.set(row.jobId, row);
    held.token = frame.more ? null : frame.token;
  } else if (frame.type === 'delta') {
    if (frame.previous !== held.token) held.faults.push('a delta does not follow the token held');
    for (const row of frame.rows as JobView[]) {
      const before = held.rows.get(row.jobId);
      if (before && BigInt(row.position) <= BigInt(before.position)) held.faults.push('a row stepped back');
      held.rows.set(row.jobId, row);
    }
    held.token = frame.token;
  }
}
