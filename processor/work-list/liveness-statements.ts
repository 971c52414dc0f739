/**
 * Records a heartbeat. $1 processor, $2 worker, $3 ms. A new start of a processor replaces the earlier start at once.
 */
export const ENLIST = `
insert into processor.processors (processor_id, worker_id) values ($1, $2)
on conflict (processor_id) do update set worker_id = excluded.worker_id, started_at = now(), beat_at = now()`;

/**
 * $1 processor, $2 worker, $3 ms. Returns no row when a later start of the processor has replaced this start. Inserts
 * the row again when it was lost with the tables. The heartbeat of a quiet worker is dated ahead by its long pause, so
 * all who judge silence wait for that much longer (ADR 0210).
 */
export const BEAT = `
insert into processor.processors as known (processor_id, worker_id, beat_at)
values ($1, $2, now() + $3 * interval '1 ms')
on conflict (processor_id) do update set beat_at = excluded.beat_at where known.worker_id = excluded.worker_id
returning 1`;

export const LEAVE = `delete from processor.processors where worker_id = $1`;

/**
 * $1 processor, $2 worker, $3 ms. Takes the lease without waiting when an earlier start of the same processor holds
 * it.
 */
export const HOLD_FEED = `
update processor.feed set
  epoch = case when holder = $2 then epoch else epoch + 1 end,
  holder = $2,
  held_until = now() + $3 * interval '1 ms'
where name = 'work-list'
  and (holder is null or holder = $2 or held_until < now() or left(holder, -9) = $1)
returning epoch, position, log_id, event_id, event_position`;

/**
 * $1 epoch, $2 end of the log now, $3 reason. Removes all rows that came from another log, and ends a running
 * retention.
 */
export const START_OVER = `
with moved as (
  update processor.feed set position = null, log_id = null, event_id = null, event_position = null,
    rebuilding_since = now(), rebuilding_until = $2, rebuilding_why = $3
  where name = 'work-list' and epoch = $1 returning 1
), emptied as (
  delete from processor.work_items where exists (select from moved)
), released as (
  delete from docket.quarantine where projection = 'work-list' and exists (select from moved)
), unsettled as (
  update processor.retention set marks = '{}', epoch = epoch + 1, holder = null, held_until = null
  where exists (select from moved)
)
select count(*)::int as moved from moved`;

/** Records the end of a rebuild. $1 epoch. */
export const REBUILT = `
update processor.feed set rebuilding_since = null, rebuilding_until = null, rebuilding_why = null
where name = 'work-list' and epoch = $1 and rebuilding_since is not null`;

/** Removes streams from the quarantine. $1 streams. */
export const LET_GO = `
delete from docket.quarantine where projection = 'work-list' and stream = any($1::text[])`;

/**
 * Gives the lease back. $1 worker. The next holder gets a new epoch, so Postgres refuses a write of this holder that
 * is still in flight.
 */
export const DROP_FEED = `update processor.feed set holder = null, held_until = null where holder = $1`;

/**
 * $1 ms of silence. Also forgets processors without a heartbeat for a day. It skips rows that somebody else is
 * changing, because a statement that never waits for a row causes no deadlock. The next call takes these rows.
 */
export const OFFER_DUE = `
with forgotten as (
  delete from processor.processors where beat_at < now() - interval '1 day'
), due as (
  select job_id from processor.work_items
  where (place = 'later' and due_at <= now())
    or (place = 'claimed' and (claimed_until < now() or not exists (
      select from processor.processors alive
      where alive.worker_id = work_items.worker_id and alive.beat_at > now() - $1 * interval '1 ms')))
  for update skip locked
), offered as (
  update processor.work_items item
  set place = 'offered', worker_id = null, claimed_until = null, touched_at = now()
  from due where item.job_id = due.job_id
  returning 1
)
select (select count(*)::int from offered) as offered,
  exists (select from processor.work_items where place = 'offered')
  or exists (select from processor.work_items where place = 'later')
  or exists (select from processor.work_items where place = 'claimed') as is_waited_for`;

/** $1 worker, $2 jobs. Skips rows that somebody else is changing, as `OFFER_DUE` does; their reservations expire. */
export const RELEASE = `
with given as (
  select job_id from processor.work_items
  where place = 'claimed' and worker_id = $1 and job_id = any($2::uuid[])
  for update skip locked
)
update processor.work_items item
set place = 'offered', worker_id = null, claimed_until = null, touched_at = now()
from given where item.job_id = given.job_id`;

/** $1 ms of silence, $2 whether silence counts, $3 most rows. */
export const LOST_LEASES = `
select job_id, fencing_token::text, case when lease_ends_at < now() then 'lease-ended' else 'processor-silent' end as cause
from processor.work_items item
where place = 'running' and (
  lease_ends_at < now()
  or exists (select from processor.processors later_life
    where later_life.processor_id = left(item.worker_id, -9) and later_life.worker_id <> item.worker_id)
  or ($2 and not exists (select from processor.processors alive
    where alive.worker_id = item.worker_id and alive.beat_at > now() - $1 * interval '1 ms')))
order by requested_position limit $3`;

export const LEASES_OF = `
select job_id, fencing_token::text from processor.work_items where place = 'running' and worker_id = $1`;

export const REVISION_OF = `select revision from processor.work_items where job_id = $1`;

/** $1 ms, $2 most rows. Marks the returned rows, so that the next call returns other rows. */
export const UNTOUCHED = `
update processor.work_items set touched_at = now() where job_id in (
  select job_id from processor.work_items
  where place <> 'offered' and touched_at < now() - $1 * interval '1 ms'
  order by touched_at limit $2 for update skip locked)
returning job_id`;

export const HELD = `select job_id from processor.work_items where place = 'held' order by requested_position limit $1`;

export const COUNTS = `select place, count(*)::int as jobs from processor.work_items group by place`;

/** Most permits in the bucket: as many as a tenth of a second gives, and at least one. So no burst follows a pause. */
const BUCKET_MAX = `greatest(1, $2::float8 / 10)`;
const REFILLED = `least(${BUCKET_MAX},
  rate.tokens + $2 * greatest(0, extract(epoch from clock_timestamp() - rate.refilled_at)))`;

/** $1 most permits, $2 permits a second. One row is the bucket of all processors. */
export const TAKE_PERMITS = `
insert into processor.gateway_rate as rate (name, tokens, granted, refilled_at)
values ('gateway', ${BUCKET_MAX} - least($1::int, floor(${BUCKET_MAX})), least($1::int, floor(${BUCKET_MAX})),
  clock_timestamp())
on conflict (name) do update set
  granted = least($1::int, floor(${REFILLED})),
  tokens = ${REFILLED} - least($1::int, floor(${REFILLED})),
  refilled_at = clock_timestamp()
returning granted, tokens`;

/** Returns unused permits. $1 permits. */
export const RETURN_PERMITS = `update processor.gateway_rate set tokens = tokens + $1 where name = 'gateway'`;
