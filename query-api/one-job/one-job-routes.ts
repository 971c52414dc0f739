import { Router } from 'express';
import type { EventLog } from '../../event-store/event-log.ts';
import { isHidden } from '../../event-store/stream-limit.ts';
import type { Queryable } from '../../read-store/pool.ts';
import { isoNow } from '../../runtime/clock.ts';
import { ApiError } from '../../runtime/http/api-error.ts';
import {
  JobQuery,
  TimelineQuery,
  WhyQuery,
  TIMELINE_ENTRIES_MAX,
  type TimelineAnswer,
  type TimelineEntry,
} from '../../schemas/protocols/http-api.ts';
import { jobStream } from '../../schemas/events/streams.ts';
import { readAtLeast } from '../change-feed/freshness.ts';
import { pastOf } from '../past/as-of.ts';
import { oneJob } from '../queue/list-query.ts';
import type { Asker } from '../request/asker.ts';
import { labelOf, type QueryContext } from '../request/query-context.ts';
import { jobIdOfPath, queryOf } from '../request/request-input.ts';
import { jobView, operatorJobView, type ShownRow } from '../tables/job-row.ts';
import { readAtHead, positionText } from '../tables/projection-head.ts';
import { explainJob } from './why.ts';
import { JOB_EVENT_SCHEMAS, type JobEvent } from '../../schemas/events/job-events.ts';
import type { Bookmark } from '../tokens/resume-token.ts';
import { sentenceOf } from '../../conversion-job/event-sentences.ts';

interface TimelineRow {
  readonly revision: string | null;
  readonly position: string;
  readonly at: Date;
  readonly type: string;
  readonly actor: string;
  readonly correlation_id: string;
  readonly causation_id: string;
  readonly data: Record<string, unknown>;
}

/**
 * Joins the job, so that another owner gets no timeline. It selects one row more than a page has, which shows whether
 * another page follows.
 */
const TIMELINE =
  'select e.revision, e.position, e.at, e.type, e.actor, e.correlation_id, e.causation_id, e.data' +
  ' from docket.jobs j left join docket.job_events e on e.job_id = j.job_id and e.revision >= $3' +
  ' and ($5::bigint is null or e.position <= $5)' +
  ' where ($1::text is null or j.owner = $1) and j.job_id = $2 order by e.revision limit $4';

/** A page of a job's events in words. `answer` is null when the owner has no such job; a null owner means everyone. */
async function readTimeline(
  store: Queryable,
  {
    owner,
    jobId,
    fromRevision,
    asOf,
  }: {
    readonly owner: string | null;
    readonly jobId: string;
    readonly fromRevision: number;
    readonly asOf: bigint | null;
  },
): Promise<{ head: Bookmark; answer: TimelineAnswer | null }> {
  const values = [owner, jobId, fromRevision, TIMELINE_ENTRIES_MAX + 1, asOf?.toString() ?? null];
  const { head, rows } = await readAtHead<TimelineRow>(store, { text: TIMELINE, values }, 'revision');
  if (rows.length === 0) return { head, answer: null };
  const entries = rows.flatMap((row) => (row.revision === null ? [] : [entryOf(row, row.revision)]));
  // At a position before its first event, the job did not exist.
  if (asOf !== null && entries.length === 0 && fromRevision === 0) return { head, answer: null };
  const following = entries[TIMELINE_ENTRIES_MAX];
  return {
    head,
    answer: {
      jobId,
      entries: entries.slice(0, TIMELINE_ENTRIES_MAX),
      next: following?.revision ?? null,
      position: positionText(asOf ?? head.position),
    },
  };
}

function entryOf(row: TimelineRow, revision: string): TimelineEntry {
  return {
    revision: Number(revision),
    position: row.position,
    at: row.at.toISOString(),
    type: row.type,
    actor: row.actor,
    correlationId: row.correlation_id,
    causationId: row.causation_id,
    sentence: recordedSentence(row.type, row.data),
    data: row.data,
  };
}

/** An event of a type or shape from a newer build is shown by its name. */
function recordedSentence(type: string, data: unknown): string {
  if (!Object.hasOwn(JOB_EVENT_SCHEMAS, type)) return `${type}.`;
  const parsed = JOB_EVENT_SCHEMAS[type as JobEvent['type']].safeParse(data);
  return parsed.success ? sentenceOf({ type, data: parsed.data } as JobEvent) : `${type}.`;
}

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
