import type { Request, Response } from 'express';
import { ownerOf } from '../../identity/middleware.ts';
import { ApiError } from '../../runtime/http/api-error.ts';
import { requestIdOf } from '../../runtime/http/app.ts';
import type { Idempotency, KeyedRequest } from './idempotency.ts';
import { isIdempotencyKey } from './idempotency-record.ts';

/** The header that marks a repeated answer. Stripe uses the same name. */
export const REPLAYED_HEADER = 'Idempotent-Replayed';

/**
 * The request's `Idempotency-Key`, or null when it has none.
 * @throws ApiError BAD_REQUEST
 */
export function keyedRequestOf(req: Request, res: Response): KeyedRequest | null {
  const key = req.get('idempotency-key');
  if (key === undefined) return null;
  if (!isIdempotencyKey(key))
    throw new ApiError('BAD_REQUEST', 'An Idempotency-Key is 1 to 255 printable characters without spaces.');
  return { owner: ownerOf(res), key, correlationId: requestIdOf(res) };
}

/**
 * Runs `use` while this process holds the request's key, so that a second request with the key must wait. Without a
 * key, runs `use` directly.
 * @throws ApiError CONFLICT
 */
export async function holdingKey<T>(
  idempotency: Idempotency,
  keyed: KeyedRequest | null,
  use: () => Promise<T>,
): Promise<T> {
  if (!keyed) return use();
  const release = idempotency.hold(keyed);
  try {
    return await use();
  } finally {
    release();
  }
}
