import { Router } from 'express';
import { ownerOf } from '../../identity/middleware.ts';
import { ApiError } from '../../runtime/http/api-error.ts';
import {
  JobListQuery,
  JobQuery,
  type JobListAnswer,
  type JobMetrics,
} from '../../schemas/protocols/http-api.ts';
import { OperatorListQuery, type OperatorListAnswer } from '../../schemas/protocols/ops-api.ts';
import { pastOf } from '../past/as-of.ts';
import { readAtLeast } from '../change-feed/freshness.ts';
import { jobView, operatorJobView } from '../tables/job-row.ts';
import { openPlace, sealPlace } from './list-cursor.ts';
import { listBinding, listPage, placeOf, type ListedRow, type ListScope } from './list-query.ts';
import { sealBookmark, type Bookmark } from '../tokens/resume-token.ts';
import { positionText, readAtHead } from '../tables/projection-head.ts';
import { labelOf, type QueryContext } from '../request/query-context.ts';
import { queryOf } from '../request/request-input.ts';
import type { Queryable } from '../../read-store/pool.ts';
import type { JobFailureCode } from '../../schemas/errors/error-codes.ts';
import { isActive, JOB_STATES, type JobStateName } from '../../schemas/job-states.ts';
import { rowsAt } from '../past/past-rows.ts';

interface Group {
  readonly state: JobStateName;
  readonly error_code: JobFailureCode | null;
  readonly jobs: string;
  readonly oldest: Date;
  readonly source_bytes: string;
  readonly result_bytes: string;
}

const COUNTED = ['state', 'error_code', 'updated_at', 'bytes', 'result_bytes', 'position'];

/** The figures of one owner's jobs, or of all jobs when `owner` is null, now or at a past position. */
async function readJobMetrics(
  store: Queryable,
  owner: string | null,
  asOf: bigint | null = null,
): Promise<{ head: Bookmark; metrics: JobMetrics }> {
  const values: string[] = [];
  const where = owner === null ? [] : [`owner = $${values.push(owner)}`];
  const from =
    asOf === null
      ? `docket.jobs ${where.length > 0 ? `where ${where.join('')}` : ''}`
      : `(${rowsAt({ columns: COUNTED, position: `$${values.push(asOf.toString())}`, where })}) past`;
  const text =
    "select state, case when state = 'failed' then error_code end as error_code, count(*) as jobs," +
    ' min(updated_at) as oldest, coalesce(sum(bytes), 0) as source_bytes,' +
    " coalesce(sum(result_bytes) filter (where state = 'ready'), 0) as result_bytes" +
    ` from ${from} group by 1, 2`;
  const { head, rows } = await readAtHead<Group>(store, { text, values }, 'state');
  return { head, metrics: metricsOf(rows, asOf ?? head.position) };
}

function metricsOf(groups: readonly Group[], position: bigint): JobMetrics {
  const total = (of: (group: Group) => string, among = groups) =>
    among.reduce((sum, group) => sum + Number(of(group)), 0);
  const jobs = (group: Group) => group.jobs;
  const active = groups.filter((group) => isActive(group.state));
  const failed = groups.filter((group) => group.error_code !== null);
  const oldest = active.map((group) => group.oldest.toISOString()).sort()[0] ?? null;
  return {
    byState: Object.fromEntries(
      JOB_STATES.map((state) => [
        state,
        total(
          jobs,
          groups.filter((group) => group.state === state),
        ),
      ]),
    ) as JobMetrics['byState'],
    failedByCode: Object.fromEntries(
      failed.map((group) => [group.error_code, Number(group.jobs)]),
    ) as JobMetrics['failedByCode'],
    active: total(jobs, active),
    oldestActiveAt: active.length === 0 ? null : oldest,
    sourceBytes: total((group) => group.source_bytes),
    resultBytes: total((group) => group.result_bytes),
    position: positionText(position),
  };
}

/** Serves `GET /api/jobs`, the figures of an owner's jobs, and `GET /api/ops/jobs`. */
export function jobRoutes(context: QueryContext): Router {
  const router = Router();
  const { store, feed, keys } = context;

  router.get('/api/jobs', async (req, res) => {
    const owner = ownerOf(res);
    const { rows, next, head } = await listJobs(context, owner, queryOf(JobListQuery, req));
    const answer: JobListAnswer = {
      jobs: rows.map((row) => jobView(row, labelOf(context))),
      next,
      token: sealBookmark(keys.token, { owner, topic: 'jobs' }, head),
      position: positionText(head.position),
    };
    res.json(answer);
  });

  // `identity.operatorsOnly` must protect this route.
  router.get('/api/ops/jobs', async (req, res) => {
    const { owner = null, ...query } = queryOf(OperatorListQuery, req);
    const { rows, next, head } = await listJobs(context, owner, query);
    const answer: OperatorListAnswer = {
      jobs: rows.map((row) => operatorJobView(row, labelOf(context))),
      next,
      token: sealBookmark(keys.token, { owner: ownerOf(res), topic: 'ops:jobs' }, head),
      position: positionText(head.position),
    };
    res.json(answer);
  });

  router.get('/api/jobs/metrics', async (req, res) => {
    const { atLeast, asOf } = queryOf(JobQuery, req);
    const past = await pastOf(context, asOf);
    const { metrics } = await readAtLeast(feed, atLeast, () => readJobMetrics(store, ownerOf(res), past));
    res.json(metrics);
  });
  return router;
}

interface Listed {
  readonly rows: readonly ListedRow[];
  readonly next: string | null;
  readonly head: Bookmark;
}

/** Reads a page of the list, and the cursor of the next page. */
async function listJobs(context: QueryContext, owner: string | null, query: JobListQuery): Promise<Listed> {
  const { store, feed, keys } = context;
  const scope: ListScope = { owner, asOf: await pastOf(context, query.asOf) };
  const binding = listBinding(scope, query);
  const after = query.after === undefined ? null : openPlace(keys.cursor, binding, query.after);
  if (query.after !== undefined && !after)
    throw new ApiError('BAD_REQUEST', '`after` is not the `next` of a page of this list.');
  const { head, rows } = await readAtLeast(feed, query.atLeast, () => listPage(store, scope, query, after));
  const page = rows.slice(0, query.limit);
  const last = rows.length > query.limit ? page.at(-1) : undefined;
  return {
    rows: page,
    next: last ? sealPlace(keys.cursor, binding, placeOf(last)) : null,
    // A client that subscribes from a past moment gets every row changed since then.
    head: { ...head, position: scope.asOf ?? head.position },
  };
}
