import { ApiError } from '../../runtime/http/api-error.ts';
import { CodedError } from '../../schemas/coded-error.ts';
import type { ChangeFeed } from './change-feed.ts';
import type { Bookmark } from '../tokens/resume-token.ts';

/** Longest wait of a reader for its own write. */
const FRESH_WAIT_MS = 5_000;
const BEHIND_RETRY_SEC = 1;

/** The read tables have not come as far as the reader asked for. */
export class ProjectionBehind extends CodedError {
  readonly code = 'PROJECTION_BEHIND';
  readonly retryable = true;

  constructor(head: bigint, asked: string) {
    super(`The read tables are at ${head.toString()}, not yet at ${asked}.`);
  }
}

/**
 * Reads at a moment that is not before `atLeast`. The first look is usually enough; only when it is not does the
 * reader wait for the change feed and look again.
 *
 * @param atLeast a position as decimal text; undefined asks for nothing
 * @throws ApiError UNAVAILABLE with `ProjectionBehind` as its cause, after 5 s
 */
export async function readAtLeast<Answer extends { readonly head: Bookmark }>(
  feed: Pick<ChangeFeed, 'reached'>,
  atLeast: string | undefined,
  read: () => Promise<Answer>,
): Promise<Answer> {
  const first = await read();
  if (atLeast === undefined || first.head.position >= BigInt(atLeast)) return first;
  const second = (await feed.reached(BigInt(atLeast), FRESH_WAIT_MS)) ? await read() : first;
  if (second.head.position >= BigInt(atLeast)) return second;
  throw new ApiError(
    'UNAVAILABLE',
    'The queue has not caught up with this position yet; try again in a moment.',
    {
      cause: new ProjectionBehind(second.head.position, atLeast),
      retryAfterSec: BEHIND_RETRY_SEC,
    },
  );
}
