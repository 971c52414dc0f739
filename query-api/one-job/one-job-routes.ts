import { Router } from 'express';
import { isoNow } from '../../runtime/clock.ts';
import { ApiError } from '../../runtime/http/api-error.ts';
import { JobQuery, TimelineQuery, WhyQuery } from '../../schemas/http-api.ts';
import type { Asker } from '../request/asker.ts';
import { pastOf } from '../past/as-of.ts';
import { readAtLeast } from '../change-feed/freshness.ts';
import { jobView, operatorJobView, type ShownRow } from '../tables/job-row.ts';
import { oneJob } from '../queue/list-query.ts';
import { readAtHead } from '../tables/projection-head.ts';
import { labelOf, type QueryContext } from '../request/query-context.ts';
import { jobIdOfPath, queryOf } from '../request/request-input.ts';
import { readTimeline } from './timeline.ts';
import { untoldJob } from './untold-job.ts';
import { explainJob } from './why.ts';

/** One job, its timeline and its why. Another owner's job looks exactly like an unknown one (promise 8). */
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
    if (!explained) throw await untoldJob(context, { jobId, owner });
    res.json(explained.answer);
  });
  return router;
}
