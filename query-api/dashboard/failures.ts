import type { Queryable } from '../../read-store/pool.ts';
import type { JobFailureCode } from '../../schemas/errors/error-codes.ts';
import {
  QUARANTINE_SHOWN_MAX,
  SELECTION_JOBS_MAX,
  type FailuresAnswer,
  type QuarantineAnswer,
  type SelectionAnswer,
  type SelectionQuery,
} from '../../schemas/protocols/ops-api.ts';
import { JobId } from '../../schemas/ids.ts';
import { jobIdOfStream } from '../../schemas/events/streams.ts';
import type { Bookmark } from '../tokens/resume-token.ts';
import { positionText, readAtHead } from '../tables/projection-head.ts';

/** Stands for failures without a reason in a query. */
const NO_REASON = 'NONE';
const LOWEST_UUID = '00000000-0000-0000-0000-000000000000';

interface GroupRow {
  readonly error_code: JobFailureCode;
  readonly error_reason: string | null;
  readonly jobs: string;
  readonly retryable: string;
  readonly oldest: Date;
  readonly newest: Date;
  readonly example: string;
}

const GROUPS = `
select error_code, error_reason, count(*) as jobs, count(source_key) as retryable,
  min(updated_at) as oldest, max(updated_at) as newest,
  (array_agg(error_message order by updated_at desc))[1] as example
from docket.jobs where state = 'failed' group by error_code, error_reason`;

/**
 * All failed jobs by code and reason, the largest group first.
 * @throws ReadStoreUnavailable
 */
export async function readFailures(store: Queryable): Promise<{ head: Bookmark; answer: FailuresAnswer }> {
  const order = 'jobs desc, error_code, error_reason';
  const { head, rows } = await readAtHead<GroupRow>(store, { text: GROUPS, values: [] }, order);
  const groups = rows.map((row) => ({
    code: row.error_code,
    reason: row.error_reason,
    example: row.example,
    jobs: Number(row.jobs),
    retryable: Number(row.retryable),
    oldestAt: row.oldest.toISOString(),
    newestAt: row.newest.toISOString(),
  }));
  return { head, answer: { position: positionText(head.position), groups } };
}

/**
 * The failed jobs whose PDF still exists, in the order of their ids. Without a position, it selects all jobs that are
 * failed now. The answer's position freezes the list: later pages leave out jobs that changed after this position.
 */
const SELECTION = `
with chosen as (
  select job_id from docket.jobs where state = 'failed' and source_key is not null
    and ($1::bigint is null or position <= $1) and ($2::text is null or error_code = $2)
    and ($3::text is null or coalesce(error_reason, '${NO_REASON}') = $3)
)
select job_id, (select count(*) from chosen) as total from chosen
where job_id > $4::uuid order by job_id limit $5`;

/**
 * Reads one page of a selection for a bulk retry.
 * @throws ReadStoreUnavailable
 */
export async function readSelection(store: Queryable, query: SelectionQuery): Promise<SelectionAnswer> {
  const { head, rows } = await readAtHead<{ job_id: string; total: string }>(
    store,
    {
      text: SELECTION,
      values: [
        query.position ?? null,
        query.code ?? null,
        query.reason ?? null,
        query.after ?? LOWEST_UUID,
        SELECTION_JOBS_MAX + 1,
      ],
    },
    'job_id',
  );
  const page = rows.slice(0, SELECTION_JOBS_MAX).map(({ job_id: jobId }) => jobId);
  return {
    position: query.position ?? positionText(head.position),
    total: Number(rows[0]?.total ?? 0),
    jobIds: page,
    next: rows.length > SELECTION_JOBS_MAX ? (page.at(-1) ?? null) : null,
  };
}

interface HeldRow {
  readonly projection: string;
  readonly version: number;
  readonly stream: string;
  readonly revision: string;
  readonly position: string;
  readonly type: string;
  readonly reason: string;
  readonly held_at: Date;
  readonly total: string;
}

/**
 * Reads the streams in quarantine, the longest held first.
 * @throws ReadStoreUnavailable
 */
export async function readQuarantine(store: Queryable): Promise<QuarantineAnswer> {
  const { rows } = await store.query<HeldRow>(
    `select projection, version, stream, revision, position, type, reason, held_at, count(*) over () as total
     from docket.quarantine order by held_at, stream limit $1`,
    [QUARANTINE_SHOWN_MAX],
  );
  return {
    total: Number(rows[0]?.total ?? 0),
    held: rows.map((row) => ({
      projection: row.projection,
      version: row.version,
      stream: row.stream,
      type: row.type,
      jobId: JobId.safeParse(jobIdOfStream(row.stream)).data ?? null,
      revision: Number(row.revision),
      position: row.position,
      reason: row.reason,
      heldAt: row.held_at.toISOString(),
    })),
  };
}
