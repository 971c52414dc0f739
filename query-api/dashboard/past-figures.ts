import { evolve } from '../../conversion-job/evolve.ts';
import { figuresOf } from '../../conversion-job/figures.ts';
import { ABSENT, type Job } from '../../conversion-job/job.ts';
import type { Queryable } from '../../read-store/pool.ts';
import type { JobEvent } from '../../schemas/job-events.ts';
import type { StoredFigure } from './flow-figures.ts';

/** How one event changes the figures of whole minutes to make them those of a moment. */
export interface Correction {
  /** `at` of the event: the bucket it belongs to. */
  readonly at: string;
  readonly figures: readonly StoredFigure[];
}

interface TimelineRow {
  readonly job_id: string;
  readonly revision: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
  /** 1: of the moment but not of the minutes before it. -1: the other way round. 0: only folded. */
  readonly sign: number;
}

/**
 * The timeline of every job whose events whole minutes would count wrongly. Such an event is dated in the moment's
 * minute or later and lies before its position, or the other way round. Events reach the log a little later than they
 * are decided, and not in that order. There are few of them. They are an array to look up by key: Postgres cannot guess
 * the size of a join and would read the whole timeline.
 *
 * $1 the moment's position, $2 start of its minute
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
 * What has to be added to the figures of all minutes before a moment's own, so that they are the figures at exactly
 * its position. Refused uploads are in no job's timeline; those of the moment's own minute are left out.
 *
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
