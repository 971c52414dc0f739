import { evolve } from '../../conversion-job/evolve.ts';
import { figuresOf } from '../../conversion-job/figures.ts';
import { ABSENT, type Job } from '../../conversion-job/job.ts';
import type { Queryable } from '../../read-store/pool.ts';
import type { JobEvent } from '../../schemas/job-events.ts';
import type { StoredFigure } from './flow-figures.ts';

/** The change that one event makes to the figures of whole minutes, so that they become the figures of a moment. */
export interface Correction {
  /** `at` of the event. It determines the bucket. */
  readonly at: string;
  readonly figures: readonly StoredFigure[];
}

interface TimelineRow {
  readonly job_id: string;
  readonly revision: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
  /**
   * 1: the moment includes the event, but the whole minutes before the moment do not. -1: the reverse. 0: the event
   * is folded and not counted.
   */
  readonly sign: number;
}

/**
 * Selects the timelines of all jobs with an event that whole minutes count wrongly. Such an event is dated in the
 * moment's minute or later although it lies before the moment's position, or the reverse. Events reach the log
 * slightly later than they are decided, and in another order. There are few such jobs, so they are passed as an array
 * of keys. Postgres cannot estimate the size of a join, and would read the whole timeline.
 */
const AROUND = `
with wrong as (
  select job_id from docket.job_events where at >= $2 and position <= $1
  union select job_id from docket.job_events where at < $2 and position > $1
)
select e.job_id, e.revision::text as revision, e.type, e.data,
  case when e.position <= $1 and e.at >= $2 then 1 when e.position > $1 and e.at < $2 then -1 else 0 end as sign
from docket.job_events e where e.job_id = any(array(select job_id from wrong))
order by e.job_id, e.revision`;

/**
 * Computes the corrections of the figures of all minutes before a moment's own. With them, the figures are exact at
 * the moment's position. Refused uploads are in no job's timeline, so the refused uploads of the moment's own minute
 * are left out.
 * @throws ReadStoreUnavailable
 */
export async function correctionsAt(
  store: Queryable,
  position: bigint,
  minute: string,
): Promise<readonly Correction[]> {
  const { rows } = await store.query<TimelineRow>(AROUND, [position.toString(), minute]);
  const corrections: Correction[] = [];
  let jobId = '';
  let job: Job = ABSENT;
  for (const row of rows) {
    if (row.job_id !== jobId) {
      jobId = row.job_id;
      job = ABSENT;
    }
    const event = { type: row.type, data: row.data } as unknown as JobEvent;
    const before = job;
    job = evolve(before, event, BigInt(row.revision));
    if (row.sign === 0) continue;
    const figures = figuresOf(event, before, job).map(({ name, detail, value }): StoredFigure => [
      name,
      detail,
      value * row.sign,
    ]);
    corrections.push({ at: event.data.at, figures });
  }
  return corrections;
}
