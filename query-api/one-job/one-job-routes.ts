import { Router } from 'express';
import type { EventLog } from '../../event-store/event-log.ts';
import { isHidden } from '../../event-store/stream-limit.ts';
import type { Queryable } from '../../read-store/pool.ts';
import { isoNow } from '../../runtime/clock.ts';
import { ApiError } from '../../runtime/http/api-error.ts';
import { JobQuery, TimelineQuery, WhyQuery } from '../../schemas/http-api.ts';
import { jobStream } from '../../schemas/streams.ts';
import { readAtLeast } from '../change-feed/freshness.ts';
import { pastOf } from '../past/as-of.ts';
import { oneJob } from '../queue/list-query.ts';
import type { Asker } from '../request/asker.ts';
import { labelOf, type QueryContext } from '../request/query-context.ts';
import { jobIdOfPath, queryOf } from '../request/request-input.ts';
import { jobView, operatorJobView, type ShownRow } from '../tables/job-row.ts';
import { readAtHead } from '../tables/projection-head.ts';
import { readTimeline } from './timeline.ts';
import { explainJob } from './why.ts';

/** One job, its timeline and its explanation. Another owner's job looks exactly like an unknown one (promise 8). */
export function oneJobRoutes(context: QueryContext, { prefix, ownerOf }: Asker): Router {
  const router = Router();
  const { store, feed } = context;

  router.get(`${prefix}/:id`, async (req, res) => {
    const owner = ownerOf(res);
    const jobId = jobIdOfPath(req);
    const { atLeast, asOf } = queryOf(JobQuery, req);
    const past = await pastOf(context, asOf);
    const { rows } = await readAtLeast(feed, atLeast, () =>
      readAtHead<ShownRow>(store, oneJob(owner, jobId, past), 'job_id'),
    );
    if (!rows[0]) throw new ApiError('NOT_FOUND');
    res.json((owner === null ? operatorJobView : jobView)(rows[0], labelOf(context)));
  });

  router.get(`${prefix}/:id/timeline`, async (req, res) => {
    const jobId = jobIdOfPath(req);
    const { atLeast, fromRevision, asOf } = queryOf(TimelineQuery, req);
    const past = await pastOf(context, asOf);
    const { answer } = await readAtLeast(feed, atLeast, () =>
      readTimeline(store, { owner: ownerOf(res), jobId, fromRevision, asOf: past }),
    );
    if (!answer) throw new ApiError('NOT_FOUND');
    res.json(answer);
  });

  router.get(`${prefix}/:id/why`, async (req, res) => {
    const owner = ownerOf(res);
    const jobId = jobIdOfPath(req);
    const { at } = queryOf(WhyQuery, req);
    const explained = await explainJob(context, { jobId, owner }, at ?? null, isoNow(context.clock));
    if (!explained) throw await answerForHiddenJob(context, { jobId, owner });
    res.json(explained.answer);
  });
  return router;
}

const HISTORY_DELETED =
  'The history of this job was deleted or limited in the event store: readers no longer get its events, and the next ' +
  'scavenge removes them. The list and the timeline show what was read before.';

/**
 * Makes the answer for a job about which the log tells nothing to this owner. Only the read row tells the owner of a
 * hidden stream, so it is read first. For an unknown job and another owner's job, the time and the answer are the
 * same (promise 8). Without a row, a hidden stream looks like an unknown job; `docket why` names it.
 * @param owner null for an operator, who sees everyone's jobs
 * @throws ReadStoreUnavailable, LogUnavailable
 */
async function answerForHiddenJob(
  { store, log }: { readonly store: Queryable; readonly log: Pick<EventLog, 'readLast'> },
  { jobId, owner }: { readonly jobId: string; readonly owner: string | null },
): Promise<ApiError> {
  const { text, values } = oneJob(owner, jobId);
  const { rowCount } = await store.query(text, values);
  return rowCount > 0 && (await isHidden(log, jobStream(jobId)))
    ? new ApiError('NOT_FOUND', HISTORY_DELETED, { jobId })
    : new ApiError('NOT_FOUND');
}
