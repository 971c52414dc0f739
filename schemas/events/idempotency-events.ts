import { z } from 'zod';
import { Sha256 } from '../ids.ts';

/**
 * Events of one `idempotency-<hash>` stream. Only the write side reads them, and the store drops them after a day. So
 * `event-versions.ts` does not list them; `v` is the version of their shape.
 */
const At = z.iso.datetime({ precision: 3 });
const ClaimId = z.uuid();

/** A process says that it carries out a request with this key until `until`. After that, any process may take over. */
export const RequestClaimed = z.object({
  v: z.literal(1),
  at: At,
  claimId: ClaimId,
  /** The process that carries out the request. */
  claimant: z.uuid(),
  /** Identifies the request. The same key with another fingerprint is a mistake of the caller. */
  fingerprint: Sha256,
  until: At,
});
export type RequestClaimed = z.infer<typeof RequestClaimed>;

/** The complete answer to the request. */
export const RequestAnswered = z.object({
  v: z.literal(1),
  at: At,
  claimId: ClaimId,
  fingerprint: Sha256,
  status: z.number().int().min(200).max(499),
  body: z.record(z.string(), z.unknown()),
});
export type RequestAnswered = z.infer<typeof RequestAnswered>;

/** The process carried out nothing, so the key is free again. */
export const RequestReleased = z.object({ v: z.literal(1), at: At, claimId: ClaimId });
export type RequestReleased = z.infer<typeof RequestReleased>;

export const IDEMPOTENCY_EVENT_SCHEMAS = { RequestClaimed, RequestAnswered, RequestReleased } as const;
export type IdempotencyEvent = {
  [Type in keyof typeof IDEMPOTENCY_EVENT_SCHEMAS]: {
    readonly type: Type;
    readonly data: z.infer<(typeof IDEMPOTENCY_EVENT_SCHEMAS)[Type]>;
  };
}[keyof typeof IDEMPOTENCY_EVENT_SCHEMAS];
