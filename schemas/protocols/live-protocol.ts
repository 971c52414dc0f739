import { z } from 'zod';
import { JobId } from '../ids.ts';

/** Subprotocol of the read-only socket on `/api/live` (docs/live-protocol.md). */
export const LIVE_PROTOCOL = 'docket.live.v1';
export const LIVE_PATH = '/api/live';

/** Limits of a client; every one has a test. */
export const LIVE_LIMITS = {
  frameBytesMax: 4 * 1024,
  messagesPerSecondMax: 10,
  subscriptionsMax: 8,
  socketsPerOwnerMax: 10,
  bufferedBytesMax: 1024 * 1024,
  bufferedMsMax: 10_000,
  heartbeatMs: 25_000,
  helloMsMax: 5_000,
} as const;

/** Close codes. RFC 6455, section 7.4.1, defines 1000 to 1015; Docket defines the other codes. */
export const LIVE_CLOSE = {
  goingAway: 1001,
  unsupportedData: 1003,
  invalidText: 1007,
  policy: 1008,
  tooBig: 1009,
  serviceRestart: 1012,
  tryAgainLater: 1013,
  badFrame: 4000,
  helloTimeout: 4001,
  tooManyMessages: 4005,
  tooSlow: 4008,
  silent: 4010,
} as const;

/** `jobs` is the owner's own queue, `job:<id>` one of its jobs, and `ops:*` an operator's view of all jobs. */
export const LiveTopic = z.union([
  z.literal('jobs'),
  z.templateLiteral(['job:', JobId]),
  z.literal('ops:jobs'),
  z.literal('ops:metrics'),
]);
export type LiveTopic = z.infer<typeof LiveTopic>;

const SubscriptionId = z
  .number()
  .int()
  .min(1)
  .max(2 ** 31);
/**
 * The projection's epoch and position, sealed for the owner and opaque to the client. The token marks a place and
 * grants no right.
 */
const ResumeToken = z.string().max(500);

export const ClientFrame = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('hello'), protocol: z.literal(LIVE_PROTOCOL) }),
  z.strictObject({
    type: z.literal('subscribe'),
    id: SubscriptionId,
    topic: z.string().max(100),
    token: ResumeToken.optional(),
  }),
  z.strictObject({ type: z.literal('unsubscribe'), id: SubscriptionId }),
  z.strictObject({ type: z.literal('pong') }),
]);
export type ClientFrame = z.infer<typeof ClientFrame>;

export const ServerFrame = z.discriminatedUnion('type', [
  z.object({ type: z.literal('welcome'), protocol: z.literal(LIVE_PROTOCOL), heartbeatMs: z.number().int() }),
  /** The whole list: the client forgets every row of this subscription. `more` says that further frames complete it. */
  z.object({
    type: z.literal('snapshot'),
    id: SubscriptionId,
    rows: z.array(z.unknown()),
    more: z.boolean(),
    token: ResumeToken,
  }),
  /**
   * The whole rows that changed between `previous` and `token`. A client whose token is not `previous` has missed a
   * frame.
   */
  z.object({
    type: z.literal('delta'),
    id: SubscriptionId,
    rows: z.array(z.unknown()),
    previous: ResumeToken,
    token: ResumeToken,
  }),
  /** The server cannot use the resume token; a snapshot follows. */
  z.object({ type: z.literal('reset'), id: SubscriptionId, reason: z.enum(['epoch', 'expired', 'invalid']) }),
  z.object({
    type: z.literal('error'),
    id: SubscriptionId.nullable(),
    code: z.string(),
    message: z.string(),
  }),
  z.object({ type: z.literal('ping') }),
  /** The server is about to close the socket. The client reconnects after this time. */
  z.object({ type: z.literal('goodbye'), retryAfterMs: z.number().int() }),
]);
export type ServerFrame = z.infer<typeof ServerFrame>;
