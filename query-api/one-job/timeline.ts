import type { Queryable } from '../../read-store/pool.ts';
import { TIMELINE_ENTRIES_MAX, type TimelineAnswer, type TimelineEntry } from '../../schemas/http-api.ts';
import { JOB_EVENT_SCHEMAS, type JobEvent } from '../../schemas/job-events.ts';
import type { Bookmark } from '../tokens/resume-token.ts';
import { positionText, readAtHead } from '../tables/projection-head.ts';
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
export async function readTimeline(
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
