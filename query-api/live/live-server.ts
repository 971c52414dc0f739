import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type ServerOptions } from 'ws';
import type { RateLimits } from '../../identity/rate-limits.ts';
import type { Clock } from '../../runtime/clock.ts';
import { answerRaw } from '../../runtime/http/answer-raw.ts';
import { ApiError } from '../../runtime/http/api-error.ts';
import type { Log } from '../../runtime/log.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import { LIVE_CLOSE, LIVE_LIMITS, LIVE_PATH, LIVE_PROTOCOL } from '../../schemas/live-protocol.ts';
import type { FeedListener } from '../change-feed.ts';
import type { SealingKeys } from '../sealed-text.ts';
import { startCatchUp } from './catch-up.ts';
import { hasRoom, type Connection, type Follower } from './connection.ts';
import { createConversation } from './conversation.ts';
import { followerPages, NoSuchJob } from './follower-pages.ts';
import { createFollowers } from './followers.ts';
import { liveMetrics } from './live-metrics.ts';
import { createMetricsTopic } from './metrics-topic.ts';
import { operatorRows } from './operator-rows.ts';
import type { ReadOwnerPages, ReadPage } from './page-reader.ts';
import type { Bookmark } from './resume-token.ts';
import { createSender } from './sender.ts';
import { createSocketRegistry } from './socket-registry.ts';
import { startOver, takeChanges, takePage, type ChangedRow, type Page } from './subscription.ts';
import { sweepConnection, sweepFull } from './sweep.ts';
import { admit, type Admission, type SocketIdentity } from './upgrade-gate.ts';

/** Sockets of one process; each takes a few KB here and more in the kernel. */
export const SOCKETS_MAX = 15_000;
/** How often full sockets are looked at; all others, once in `SWEEP_EVERY` times. */
const TICK_MS = 100;
const SWEEP_EVERY = 10;
/** The closing handshake has this long; then the socket is destroyed. */
const CLOSE_TIMEOUT_MS = 3_000;
/** Clients that are sent away come back within this, spread out. */
const RETURN_MS_MIN = 500;
const RETURN_SPREAD_MS = 4_500;
/** What a refusal that time cures says about the next try. */
const SOCKET_RETRY_SEC = 5;
/** Reads that bring a subscription nowhere before its client is sent away. */
const IDLE_READS_MAX = 100;

export interface LiveServerOptions {
  readonly identity: SocketIdentity;
  readonly limits: Pick<RateLimits, 'socket' | 'refused'>;
  /** Sockets that one address may hold open here. */
  readonly socketsPerAddressMax: number;
  readonly keys: SealingKeys;
  readonly readPage: ReadPage;
  readonly readOwnerPages: ReadOwnerPages;
  readonly feedAt: () => Bookmark | null;
  /** Resolves true once `feedAt` is known, false when that takes too long. */
  readonly feedReady: () => Promise<boolean>;
  /** Whether the log knows the job as the owner's; asked when the read tables do not. */
  readonly ownsJob: (owner: string, jobId: string) => Promise<boolean>;
  /** The row of `ops:metrics` as JSON text. */
  readonly readMetrics: () => Promise<string>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly socketsMax?: number;
}

/** The live sockets of this process, and what the change feed tells them. */
export interface LiveServer extends FeedListener {
  /** Takes over an upgrade of `/api/live`; false when the address is another. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  sockets(): number;
  /** Says goodbye to every client and waits, at most `graceMs`, until they are gone. */
  stop(graceMs: number): Promise<void>;
}

export function createLiveServer(options: LiveServerOptions): LiveServer {
  const { clock, random, log } = options;
  const full = new Set<Connection>();
  const followers = createFollowers();
  const metrics = liveMetrics(options.metrics, {
    sockets: () => registry.size(),
    followers: () => followers.size(),
  });
  let stopping = false;

  const forget = (connection: Connection): void => {
    full.delete(connection);
    for (const follower of connection.subscriptions.values()) {
      follower.round += 1;
      followers.remove(follower);
      catchUp.remove(follower);
    }
    connection.subscriptions.clear();
  };
  const sender = createSender({ keys: options.keys, clock, metrics, onClosing: forget });
  const hasRoomNow = (connection: Connection): boolean => {
    const room = hasRoom(connection, clock.now());
    if (!room) full.add(connection);
    return room;
  };
  const sendAway = (connection: Connection, code: number = LIVE_CLOSE.tryAgainLater): void => {
    const retryAfterMs = Math.round(RETURN_MS_MIN + random() * RETURN_SPREAD_MS);
    sender.say(connection, { type: 'goodbye', retryAfterMs });
    sender.close(connection, code, 'come back in a moment');
  };
  const catchUp = startCatchUp({
    read: followerPages({ ...options, readFigures: () => figures.page() }),
    arrived: (follower, page) => arrived(follower, page),
    failed: (follower, error) => {
      const { connection, id } = follower;
      if (error instanceof NoSuchJob) {
        connection.subscriptions.delete(id);
        followers.remove(follower);
        sender.say(connection, { type: 'error', id, code: 'NOT_FOUND', message: 'There is no such job.' });
        return;
      }
      log.warn({ err: error }, 'a subscription could not be read; its client is sent away');
      sendAway(connection);
    },
  });
  const arrived = (follower: Follower, page: Page): 'again' | 'later' | 'park' | 'done' => {
    const { connection, state: before } = follower;
    sender.advance(follower, takePage(before, page));
    if (connection.closing || follower.state.phase === 'live') return 'done';
    const moved = follower.state.position !== before.position || follower.state.phase !== before.phase;
    follower.idleReads = moved ? 0 : follower.idleReads + 1;
    if (follower.idleReads > IDLE_READS_MAX) {
      sendAway(connection);
      return 'done';
    }
    if (!moved) return 'later';
    return hasRoomNow(connection) ? 'again' : 'park';
  };
  const conversation = createConversation({
    sender,
    followers,
    catchUp,
    keys: options.keys,
    clock,
    feedAt: options.feedAt,
    feedReady: options.feedReady,
    sendAway,
  });
  const deliver = (follower: Follower, rows: readonly ChangedRow[], to: bigint): void => {
    const room = hasRoomNow(follower.connection);
    const seen = follower.scope.kind === 'everyone' ? operatorRows(rows) : rows;
    sender.advance(follower, takeChanges(follower.state, { rows: seen, to }, { clientHasRoom: room }));
  };
  const figures = createMetricsTopic({ readMetrics: options.readMetrics, clock, log, deliver });

  const admissionOf = async (request: IncomingMessage): Promise<Admission> => {
    const { key } = options.identity.readClient(request);
    const waitSec = await options.limits.socket(key);
    if (waitSec !== null)
      return { refused: 'RATE_LIMITED', message: `Too many requests; try again in ${waitSec} s.` };
    if (stopping) return { refused: 'UNAVAILABLE', message: 'This server is about to stop.' };
    return admit(request, options.identity, {
      ofOwner: (owner) => registry.ofOwner(owner),
      ofAddress: registry.ofAddress(key),
      ofAddressMax: options.socketsPerAddressMax,
      total: registry.size(),
      totalMax: options.socketsMax ?? SOCKETS_MAX,
      refusedBy: options.limits.refused,
    });
  };

  const registry = createSocketRegistry({ conversation, forget, clock, random });
  // The published types of ws do not know `closeTimeout` yet.
  const serverOptions: ServerOptions & { closeTimeout: number } = {
    noServer: true,
    clientTracking: false,
    maxPayload: LIVE_LIMITS.frameBytesMax,
    maxFragments: 64,
    maxBufferedChunks: 256,
    perMessageDeflate: false,
    handleProtocols: () => LIVE_PROTOCOL,
    closeTimeout: CLOSE_TIMEOUT_MS,
  };
  const server = new WebSocketServer(serverOptions);

  let ticks = 0;
  const ticker = setInterval(() => {
    const nowMs = clock.now();
    for (const connection of full) if (sweepFull(connection, nowMs, sender, catchUp)) full.delete(connection);
    ticks = (ticks + 1) % SWEEP_EVERY;
    if (ticks !== 0) return;
    for (const connection of registry.all()) sweepConnection(connection, nowMs, random(), sender);
    void figures.tell(followers.ofMetrics());
  }, TICK_MS);
  ticker.unref();

  return {
    sockets: () => registry.size(),
    wanted: () => followers.size() > followers.ofMetrics().size,
    changed: (rows, to) => followers.deliver(rows, (follower, theirs) => deliver(follower, theirs, to)),
    switched: (at) => {
      for (const follower of [...followers.all()]) {
        if (follower.scope.kind === 'metrics') continue;
        follower.round += 1;
        catchUp.remove(follower);
        sender.advance(follower, startOver('epoch', at.position));
        catchUp.enqueue(follower);
      }
    },
    upgrade: (request, socket, head) => {
      if (request.url?.split('?', 1)[0] !== LIVE_PATH) return false;
      // Until the counts are known a sender that goes away must not end this process.
      const gone = (): void => void socket.destroy();
      socket.on('error', gone);
      void admissionOf(request).then((admission) => {
        socket.off('error', gone);
        if ('refused' in admission) {
          metrics.refusals.inc({ code: admission.refused });
          answerRaw(socket, refusalOf(admission));
          return;
        }
        server.handleUpgrade(request, socket, head, (opened) => registry.accept(opened, admission));
      });
      return true;
    },
    stop: async (graceMs) => {
      stopping = true;
      for (const connection of registry.all()) sendAway(connection, LIVE_CLOSE.serviceRestart);
      const deadline = clock.now() + graceMs;
      while (registry.size() > 0 && clock.now() < deadline)
        await new Promise((resolve) => setTimeout(resolve, 20));
      for (const connection of registry.all()) connection.socket.terminate();
      clearInterval(ticker);
      catchUp.stop();
      server.close();
    },
  };
}

function refusalOf({ refused, message }: Extract<Admission, { refused: unknown }>): ApiError {
  const isPassing = refused === 'RATE_LIMITED' || refused === 'UNAVAILABLE';
  return new ApiError(refused, message, isPassing ? { retryAfterSec: SOCKET_RETRY_SEC } : {});
}
