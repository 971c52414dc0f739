import { z } from 'zod';
import { Sha256 } from './ids.ts';

/**
 * Events of one `idempotency-<hash>` stream. Only the write side reads them, and they are gone after a day. So they are
 * no part of the versioned events of `event-versions.ts`; `v` tells their shape.
 */
const At = z.iso.datetime({ precision: 3 });
const ClaimId = z.uuid();

/** A request with this key is being carried out until `until`; after that anybody may take it over. */
export const RequestClaimed = z.object({
  v: z.literal(1),
  at: At,
  claimId: ClaimId,
  /** The process that carries it out. */
  claimant: z.uuid(),
  /** What was asked: the same key with another fingerprint is a mistake of the caller. */
  fingerprint: Sha256,
  until: At,
});
export type RequestClaimed = z.infer<typeof RequestClaimed>;

/** What was answered, word for word. */
export const RequestAnswered = z.object({
  v: z.literal(1),
  at: At,
  claimId: ClaimId,
  fingerprint: Sha256,
  status: z.number().int().min(200).max(499),
  body: z.record(z.string(), z.unknown()),
});
export type RequestAnswered = z.infer<typeof RequestAnswered>;

/** Nothing was carried out; the key is free again. */
export const RequestReleased = z.object({ v: z.literal(1), at: At, claimId: ClaimId });
export type RequestReleased = z.infer<typeof RequestReleased>;

export const IDEMPOTENCY_EVENT_SCHEMAS = { RequestClaimed, RequestAnswered, RequestReleased } as const;
export type IdempotencyEvent = {
  [Type in keyof typeof IDEMPOTENCY_EVENT_SCHEMAS]: {
    readonly type: Type;
    readonly data: z.infer<(typeof IDEMPOTENCY_EVENT_SCHEMAS)[Type]>;
  };
}[keyof typeof IDEMPOTENCY_EVENT_SCHEMAS];
