import { Router } from 'express';
import { ownerOf } from '../../identity/middleware.ts';
import { isoNow } from '../../runtime/clock.ts';
import { ApiError } from '../../runtime/http/api-error.ts';
import {
  JobListQuery,
  JobQuery,
  TimelineQuery,
  WhyQuery,
  type JobListAnswer,
  type JobView,
} from '../../schemas/http-api.ts';
import { readAtLeast } from '../freshness.ts';
import { jobView, type JobRow } from '../job-row.ts';
import { readJobMetrics } from '../job-metrics.ts';
import { openPlace, sealPlace } from '../list-cursor.ts';
import { listBinding, listPage, oneJob, placeOf } from '../list-query.ts';
import { sealBookmark } from '../live/resume-token.ts';
import { positionText, readAtHead } from '../projection-head.ts';
import { labelOf, type QueryContext } from '../query-context.ts';
import { jobIdOfPath, queryOf } from '../request-input.ts';
import { readTimeline } from '../timeline.ts';
import { explainJob } from '../why.ts';

/** `GET /api/jobs`, one job, its timeline and its why; the figures of an owner's jobs. */
export function jobRoutes(context: QueryContext): Router {
  const router = Router();
  const { store, feed } = context;

  router.get('/api/jobs', async (req, res) => {
    res.json(await listJobs(context, ownerOf(res), queryOf(JobListQuery, req)));
  });

  router.get('/api/jobs/metrics', async (req, res) => {
    const { atLeast } = queryOf(JobQuery, req);
    const { metrics } = await readAtLeast(feed, atLeast, () => readJobMetrics(store, ownerOf(res)));
    res.json(metrics);
  });

  router.get('/api/jobs/:id', async (req, res) => {
    const jobId = jobIdOfPath(req);
    const { atLeast } = queryOf(JobQuery, req);
    const { rows } = await readAtLeast(feed, atLeast, () =>
      readAtHead<JobRow>(store, oneJob(ownerOf(res), jobId), 'job_id'),
    );
    if (!rows[0]) throw new ApiError('NOT_FOUND');
    const view: JobView = jobView(rows[0], labelOf(context));
    res.json(view);
  });

  router.get('/api/jobs/:id/timeline', async (req, res) => {
    const jobId = jobIdOfPath(req);
    const { atLeast, fromRevision } = queryOf(TimelineQuery, req);
    const { answer } = await readAtLeast(feed, atLeast, () =>
      readTimeline(store, ownerOf(res), jobId, fromRevision),
    );
    if (!answer) throw new ApiError('NOT_FOUND');
    res.json(answer);
  });

  router.get('/api/jobs/:id/why', async (req, res) => {
    const jobId = jobIdOfPath(req);
    const { at } = queryOf(WhyQuery, req);
    const explained = await explainJob(context, jobId, at ?? null, isoNow(context.clock));
    // Another owner's job looks exactly like an unknown one (promise 8).
    if (!explained || explained.owner !== ownerOf(res)) throw new ApiError('NOT_FOUND');
    res.json(explained.answer);
  });
  return router;
}

async function listJobs(context: QueryContext, owner: string, query: JobListQuery): Promise<JobListAnswer> {
  const { store, feed, keys } = context;
  const binding = listBinding(owner, query);
  const after = query.after === undefined ? null : openPlace(keys.cursor, binding, query.after);
  if (query.after !== undefined && !after)
    throw new ApiError('BAD_REQUEST', '`after` is not the `next` of a page of this list.');
  const { head, rows } = await readAtLeast(feed, query.atLeast, () => listPage(store, owner, query, after));
  const page = rows.slice(0, query.limit);
  const last = rows.length > query.limit ? page.at(-1) : undefined;
  return {
    jobs: page.map((row) => jobView(row, labelOf(context))),
    next: last ? sealPlace(keys.cursor, binding, placeOf(last)) : null,
    token: sealBookmark(keys.token, { owner, topic: 'jobs' }, head),
    position: positionText(head.position),
  };
}
