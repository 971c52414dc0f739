import { ApiError } from '../../runtime/http/api-error.ts';
import { CodedError } from '../../schemas/errors/coded-error.ts';
import type { ChangeFeed } from './change-feed.ts';
import type { Bookmark } from '../tokens/resume-token.ts';

/** Longest wait of a reader for its own write, in ms. */
const FRESH_WAIT_MS = 5_000;
const BEHIND_RETRY_SEC = 1;

/** The read tables are behind the position that the reader requires. */
export class ProjectionBehind extends CodedError {
  readonly code = 'PROJECTION_BEHIND';
  override readonly retryable = true;

  constructor(head: bigint, asked: string) {
    super(`The read tables are at ${head.toString()}, not yet at ${asked}.`);
  }
}

/**
 * Reads at a position that is not before `atLeast`. The first read is usually enough. If the read is too old, the
 * function waits for the change feed and reads again.
 * @param atLeast a position as decimal text; undefined requires none
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
