import type { EventLog } from '../../event-store/event-log.ts';
import { isHidden } from '../../event-store/stream-limit.ts';
import type { Queryable } from '../../read-store/pool.ts';
import { ApiError } from '../../runtime/http/api-error.ts';
import { jobStream } from '../../schemas/streams.ts';
import { oneJob } from '../queue/list-query.ts';

const HISTORY_DELETED =
  'The history of this job was deleted or limited in the event store: readers no longer get its events, and the next ' +
  'scavenge removes them. The list and the timeline show what was read before.';

/**
 * The answer when the log tells nobody, or not this owner, about a job. The read row alone says whose a hidden stream
 * was, so it is asked first: an unknown job and another owner's cost the same and look the same (promise 8). Without
 * its row a hidden stream looks like an unknown job; `docket why` names it.
 *
 * @param owner null for who sees everyone's jobs
 * @throws ReadStoreUnavailable, LogUnavailable
 */
export async function untoldJob(
  { store, log }: { readonly store: Queryable; readonly log: Pick<EventLog, 'readLast'> },
  { jobId, owner }: { readonly jobId: string; readonly owner: string | null },
): Promise<ApiError> {
  const { text, values } = oneJob(owner, jobId);
  const { rowCount } = await store.query(text, values);
  return rowCount > 0 && (await isHidden(log, jobStream(jobId)))
    ? new ApiError('NOT_FOUND', HISTORY_DELETED, { jobId })
    : new ApiError('NOT_FOUND');
}
