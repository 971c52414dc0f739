import type { Queryable } from '../../read-store/pool.ts';
import { ProjectionMissing } from '../tables/projection-head.ts';
import { FLOW_FIGURES, type StoredFigure } from './flow-figures.ts';
import type { BreakerState } from './standing-figures.ts';
import type { Window } from './window.ts';

/** The moment for which figures are read. */
export interface ReadAt {
  /** The end of the period (ISO 8601). The last bucket contains this instant. */
  readonly to: string;
  /** The position of a past moment; null for the present. */
  readonly past: bigint | null;
}

/** All figures of the dashboard that come from the log, from one statement. */
export interface FiguresRead {
  /** Checkpoint of the projection; -1 before its first batch. */
  readonly head: bigint;
  readonly standing: readonly StoredFigure[];
  readonly breakers: readonly BreakerState[];
  readonly oldestActiveSince: string | null;
  readonly lastRemovalAt: string | null;
  readonly buckets: readonly {
    readonly start: string;
    readonly end: string;
    readonly figures: readonly StoredFigure[];
  }[];
}

/** Selects the sums over all time, for figures of the present. */
const STANDING_NOW = `grain = 'ever'`;
/**
 * For figures of the past: selects whole quarters of an hour, then whole minutes up to $9. Other code adds the
 * seconds of the moment's own minute.
 */
const QUARTER_THEN = `date_bin('15 minutes', $9::timestamptz, timestamptz 'epoch')`;
const STANDING_THEN = `(grain = 'quarter' and start < ${QUARTER_THEN}
  or grain = 'minute' and start >= ${QUARTER_THEN} and start < $9)`;

/**
 * The start of the first bucket. It is an expression and not a subquery, so that Postgres can estimate the rows after
 * it and does not sort them on disk.
 */
const FIRST_START = 'date_add(date_trunc($2, $1::timestamptz, $3), -($4::interval * ($5::integer - 1)), $3)';

/**
 * One statement reads everything, so that figures and checkpoint match. Hours and days are sums of quarters of an
 * hour, because quarters fit the hours of every time zone.
 */
const text = (standing: string): string => `
with starts as (
  select generate_series(${FIRST_START},
    date_trunc($2, $1::timestamptz, $3), $4::interval, $3) as start
), sums as (
  select date_trunc($2, start, $3) as start, figure, detail, sum(value) as value
  from docket.dashboard_figures
  where (grain = $6 and start < $8 or grain = 'minute' and start >= $8 and start < $9)
    and start >= ${FIRST_START} and start <= $1::timestamptz and figure = any($7::text[])
  group by 1, 2, 3
), by_bucket as (
  select start, json_agg(json_build_array(figure, detail, value)) as figures from sums group by start
)
select coalesce(c.commit_position, -1)::text as head,
  (select coalesce(json_agg(json_build_array(figure, detail, value)), '[]') from (
     select figure, detail, sum(value) as value from docket.dashboard_figures
     where ${standing} and figure = any('{jobs,source_files,source_bytes,result_files,result_bytes}'::text[])
     group by 1, 2) standing) as standing,
  (select coalesce(json_agg(json_build_object('processorId', processor_id, 'opened', opened, 'at', at,
     'failures', failures, 'lastCode', last_code)), '[]') from (
     select distinct on (processor_id) * from docket.dashboard_breaker where position <= $10
     order by processor_id, revision desc) latest) as breakers,
  (select min(active_since) from docket.dashboard_streams where active_since is not null) as oldest,
  (select max(start) from docket.dashboard_figures where grain = 'minute'
     and figure in ('removed_sources', 'removed_results') and start <= $1::timestamptz) as removed,
  (select json_agg(json_build_object('start', starts.start, 'end', date_add(starts.start, $4::interval, $3),
     'figures', coalesce(by_bucket.figures, '[]')) order by starts.start)
     from starts left join by_bucket using (start)) as buckets
from docket.projections p
left join docket.checkpoints c on c.projection = p.name and c.version = p.version
where p.name = 'dashboard' and p.is_current`;

const NOW = text(STANDING_NOW);
const THEN = text(STANDING_THEN);
const LAST_POSITION = (2n ** 63n - 1n).toString();
const QUARTER_MS = 15 * 60_000;
const MINUTE_MS = 60_000;

/**
 * Reads the figures up to now. For a past moment, reads only the figures of the whole minutes before the moment.
 * @throws ProjectionMissing, ReadStoreUnavailable
 */
export async function readFigures(store: Queryable, window: Window, at: ReadAt): Promise<FiguresRead> {
  const isByMinute = window.bucket === 'minute';
  const minute = floored(at.to, MINUTE_MS);
  const [coarseTo, fineTo] =
    at.past === null ? ['infinity', 'infinity'] : [isByMinute ? minute : floored(at.to, QUARTER_MS), minute];
  const { rows } = await store.query<{
    head: string;
    standing: StoredFigure[];
    breakers: BreakerState[];
    oldest: Date | null;
    removed: Date | null;
    buckets: { start: string; end: string; figures: StoredFigure[] }[];
  }>(at.past === null ? NOW : THEN, [
    at.to,
    window.bucket,
    window.zone,
    `1 ${window.bucket}`,
    window.buckets,
    isByMinute ? 'minute' : 'quarter',
    FLOW_FIGURES,
    coarseTo,
    fineTo,
    at.past?.toString() ?? LAST_POSITION,
  ]);
  const [row] = rows;
  if (!row) throw new ProjectionMissing();
  const iso = (instant: string | Date) => new Date(instant).toISOString();
  return {
    head: BigInt(row.head),
    standing: row.standing,
    breakers: row.breakers.map((breaker) => ({ ...breaker, at: iso(breaker.at) })),
    oldestActiveSince: at.past === null && row.oldest ? iso(row.oldest) : null,
    lastRemovalAt: row.removed ? iso(row.removed) : null,
    buckets: row.buckets.map(({ start, end, figures }) => ({ start: iso(start), end: iso(end), figures })),
  };
}

function floored(instant: string, ms: number): string {
  return new Date(Math.floor(Date.parse(instant) / ms) * ms).toISOString();
}
