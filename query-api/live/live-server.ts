import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type ServerOptions } from 'ws';
import type { RateLimits } from '../../identity/rate-limits.ts';
import type { Clock } from '../../runtime/clock.ts';
import { answerRaw } from '../../runtime/http/answer-raw.ts';
import { ApiError } from '../../runtime/http/api-error.ts';
import type { Log } from '../../runtime/log/log.ts';
import type { Metrics } from '../../runtime/metrics/metrics.ts';
import { LIVE_CLOSE, LIVE_LIMITS, LIVE_PATH, LIVE_PROTOCOL } from '../../schemas/protocols/live-protocol.ts';
import type { FeedListener } from '../change-feed/change-feed.ts';
import type { SealingKeys } from '../tokens/sealed-text.ts';
import { startCatchUp } from './catch-up.ts';
import { hasRoom, type Connection, type Follower } from './connection.ts';
import { createConversation } from './conversation.ts';
import { followerPages, NoSuchJob } from './follower-pages.ts';
import { createFollowers } from './followers.ts';
import { liveMetrics } from './live-metrics.ts';
import { createMetricsTopic } from './metrics-topic.ts';
import { operatorRows } from './operator-rows.ts';
import type { ReadOwnerPages, ReadPage } from '../change-feed/page-reader.ts';
import type { Bookmark } from '../tokens/resume-token.ts';
import { createSender } from './sender.ts';
import { createSocketRegistry } from './socket-registry.ts';
import { startOver, takeChanges, takePage } from './subscription.ts';
import type { ChangedRow } from '../change-feed/page.ts';
import { createSweeps, sweepConnection, sweepFull } from './sweep.ts';
import { admit, type Admission, type SocketIdentity } from './upgrade-gate.ts';

/** Number of sockets of one process. Each socket takes a few KB in this process and more in the kernel. */
export const SOCKETS_MAX = 15_000;
/** Time for the closing handshake. After it the server destroys the socket. */
const CLOSE_TIMEOUT_MS = 3_000;
/** A client that the server disconnects returns after a random time in this range. */
const RETURN_MS_MIN = 500;
const RETURN_SPREAD_MS = 4_500;
/** The time until a retry in a temporary refusal. */
const SOCKET_RETRY_SEC = 5;
/** Reads without progress before the server disconnects a client. */
const IDLE_READS_MAX = 100;

export interface LiveServerOptions {
  readonly identity: SocketIdentity;
  readonly limits: Pick<RateLimits, 'socket' | 'refused'>;
  /** Number of sockets that one address may open. */
  readonly socketsPerAddressMax: number;
  readonly keys: SealingKeys;
  readonly readPage: ReadPage;
  readonly readOwnerPages: ReadOwnerPages;
  readonly feedAt: () => Bookmark | null;
  /** Called when a client begins to follow rows. */
  readonly feedWanted: () => void;
  /** Resolves true once `feedAt` is known, false when that takes too long. */
  readonly feedReady: () => Promise<boolean>;
  /** Tells whether the job in the log belongs to the owner. It is called when the read tables do not know the job. */
  readonly ownsJob: (owner: string, jobId: string) => Promise<boolean>;
  /** The row of `ops:metrics` as JSON text. */
  readonly readMetrics: () => Promise<string>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly socketsMax?: number;
}

/** The live sockets of this process. The change feed passes every change to this object. */
export interface LiveServer extends FeedListener {
  /** Takes over an upgrade of `/api/live`. Returns false for another address. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  sockets(): number;
  /** Sends a goodbye to every client and waits, at most `graceMs`, until the sockets are closed. */
  stop(graceMs: number): Promise<void>;
}

export function createLiveServer(options: LiveServerOptions): LiveServer {
  const { keys, clock, random, log, feedAt, feedReady, feedWanted } = options;
  const full = new Set<Connection>();
  const followers = createFollowers();
  const metrics = liveMetrics(options.metrics, {
    sockets: () => registry.size(),
    followers: () => followers.size(),
  });
  let stopping = false;

  const stopReading = (follower: Follower): void => {
    follower.round += 1;
    catchUp.remove(follower);
  };
  const beginAnew = (follower: Follower, at: Bookmark): void => {
    stopReading(follower);
    sender.advance(follower, startOver('epoch', at.position));
    catchUp.enqueue(follower);
  };
  const forget = (connection: Connection): void => {
    full.delete(connection);
    for (const follower of connection.subscriptions.values()) {
      stopReading(follower);
      followers.remove(follower);
    }
    connection.subscriptions.clear();
  };
  const sender = createSender({ keys, clock, metrics, onClosing: forget });
  const hasRoomNow = (connection: Connection): boolean => {
    const room = hasRoom(connection, clock.now());
    if (!room) full.add(connection);
    return room;
  };
  const sendAway = disconnecter(sender, random);
  const catchUp = startCatchUp({
    read: followerPages({ ...options, readFigures: () => figures.page() }),
    ...outcomesOfReads({ sender, followers, sendAway, hasRoomNow, log }),
  });
  const feed = { feedAt, feedReady, feedWanted };
  const conversation = createConversation({ ...feed, sender, followers, catchUp, keys, clock, sendAway });
  const deliver = (follower: Follower, rows: readonly ChangedRow[], to: bigint): void => {
    const room = hasRoomNow(follower.connection);
    const seen = follower.scope.kind === 'everyone' ? operatorRows(rows) : rows;
    sender.advance(follower, takeChanges(follower.state, { rows: seen, to }, { clientHasRoom: room }));
  };
  const figures = createMetricsTopic({ readMetrics: options.readMetrics, clock, log, deliver });

  const registry = createSocketRegistry({ conversation, forget, clock, random });
  const sweeps = createSweeps({
    isNeeded: () => registry.size() > 0,
    sweep: (isFullRound) => {
      const nowMs = clock.now();
      for (const connection of full)
        if (sweepFull(connection, nowMs, sender, catchUp)) full.delete(connection);
      if (!isFullRound) return;
      for (const connection of registry.all()) sweepConnection(connection, nowMs, random(), sender);
      void figures.tell(followers.ofMetrics());
    },
  });
  const door = upgradeHandler(options, registry, {
    isStopping: () => stopping,
    refused: (code) => metrics.refusals.inc({ code }),
    accepted: () => sweeps.begin(),
  });

  return {
    sockets: () => registry.size(),
    wanted: () => followers.size() > followers.ofMetrics().size,
    changed: (rows, to) => followers.deliver(rows, (follower, theirs) => deliver(follower, theirs, to)),
    switched: (at) => [...followers.all()].filter(isOfRows).forEach((follower) => beginAnew(follower, at)),
    upgrade: door.upgrade,
    stop: async (graceMs) => {
      stopping = true;
      for (const connection of registry.all()) sendAway(connection, LIVE_CLOSE.serviceRestart);
      await untilGone(registry, clock, graceMs);
      for (const connection of registry.all()) connection.socket.terminate();
      sweeps.stop();
      catchUp.stop();
      door.close();
    },
  };
}

/** Asks a client to disconnect and to return, at a time spread over `RETURN_SPREAD_MS`. */
function disconnecter(sender: ReturnType<typeof createSender>, random: () => number) {
  return (connection: Connection, code: number = LIVE_CLOSE.tryAgainLater): void => {
    const retryAfterMs = Math.round(RETURN_MS_MIN + random() * RETURN_SPREAD_MS);
    sender.say(connection, { type: 'goodbye', retryAfterMs });
    sender.close(connection, code, 'reconnect in a moment');
  };
}

const isOfRows = ({ scope }: Follower): boolean => scope.kind !== 'metrics';

/** Waits until no socket is left, at most `graceMs`. */
async function untilGone(
  registry: ReturnType<typeof createSocketRegistry>,
  clock: Clock,
  graceMs: number,
): Promise<void> {
  const deadline = clock.now() + graceMs;
  while (registry.size() > 0 && clock.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 20));
}

type ReadOutcomes = Pick<Parameters<typeof startCatchUp>[0], 'arrived' | 'failed'>;

/** Handles a page that was read for a follower, or the error of that read. */
function outcomesOfReads(parts: {
  readonly sender: ReturnType<typeof createSender>;
  readonly followers: ReturnType<typeof createFollowers>;
  readonly sendAway: (connection: Connection) => void;
  readonly hasRoomNow: (connection: Connection) => boolean;
  readonly log: Log;
}): ReadOutcomes {
  const { sender, followers, sendAway, hasRoomNow, log } = parts;
  return {
    arrived: (follower, page) => {
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
    },
    failed: (follower, error) => {
      const { connection, id } = follower;
      if (error instanceof NoSuchJob) {
        connection.subscriptions.delete(id);
        followers.remove(follower);
        sender.say(connection, { type: 'error', id, code: 'NOT_FOUND', message: 'There is no such job.' });
        return;
      }
      log.warn({ err: error }, 'a subscription could not be read; its client is disconnected');
      sendAway(connection);
    },
  };
}

/** Accepts upgrades of `/api/live`, or refuses them with an HTTP answer. */
function upgradeHandler(
  options: LiveServerOptions,
  registry: ReturnType<typeof createSocketRegistry>,
  {
    isStopping,
    refused,
    accepted,
  }: { isStopping: () => boolean; refused: (code: string) => void; accepted: () => void },
): { readonly upgrade: LiveServer['upgrade']; close(): void } {
  // The published types of ws lack `closeTimeout`.
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
  const admissionOf = async (request: IncomingMessage): Promise<Admission> => {
    const { key } = options.identity.readClient(request);
    const waitSec = await options.limits.socket(key);
    if (waitSec !== null)
      return { refused: 'RATE_LIMITED', message: `Too many requests; try again in ${waitSec} s.` };
    if (isStopping()) return { refused: 'UNAVAILABLE', message: 'This server is about to stop.' };
    return admit(request, options.identity, {
      ofOwner: (owner) => registry.ofOwner(owner),
      ofAddress: registry.ofAddress(key),
      ofAddressMax: options.socketsPerAddressMax,
      total: registry.size(),
      totalMax: options.socketsMax ?? SOCKETS_MAX,
      refusedBy: options.limits.refused,
    });
  };
  return {
    upgrade: (request, socket, head) => {
      if (request.url?.split('?', 1)[0] !== LIVE_PATH) return false;
      // Until the limits are checked, a client that disconnects must not end this process.
      const gone = (): void => void socket.destroy();
      socket.on('error', gone);
      void admissionOf(request).then((admission) => {
        socket.off('error', gone);
        if ('refused' in admission) {
          refused(admission.refused);
          answerRaw(socket, refusalOf(admission));
          return;
        }
        server.handleUpgrade(request, socket, head, (opened) => {
          registry.accept(opened, admission);
          accepted();
        });
      });
      return true;
    },
    close: () => server.close(),
  };
}

function refusalOf({ refused, message }: Extract<Admission, { refused: unknown }>): ApiError {
  const isPassing = refused === 'RATE_LIMITED' || refused === 'UNAVAILABLE';
  return new ApiError(refused, message, isPassing ? { retryAfterSec: SOCKET_RETRY_SEC } : {});
}
