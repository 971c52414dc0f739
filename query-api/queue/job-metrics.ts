import type { Queryable } from '../../read-store/pool.ts';
import type { JobFailureCode } from '../../schemas/error-codes.ts';
import type { JobMetrics } from '../../schemas/http-api.ts';
import { isActive, JOB_STATES, type JobStateName } from '../../schemas/job-states.ts';
import type { Bookmark } from '../tokens/resume-token.ts';
import { rowsAt } from '../past/past-rows.ts';
import { positionText, readAtHead } from '../tables/projection-head.ts';

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
export async function readJobMetrics(
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
