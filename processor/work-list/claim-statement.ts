/** Most owners whose best jobs one ranking compares. */
export const CLAIM_OWNERS_MAX = 200;
/**
 * Number of oldest jobs that a ranking also compares, so that no owner waits for ever when more owners than that wait.
 */
export const CLAIM_OLDEST_MAX = 200;
/** Fewest jobs of each owner that a ranking compares, because another worker may take the best of them. */
export const CLAIM_OWNER_JOBS_MIN = 4;

/**
 * Reserves the jobs in `taken`. The commit does not wait for the disk, because a lost reservation only means that the
 * list offers the job again.
 */
const RESERVE = `
update processor.work_items item
set place = 'claimed', worker_id = $1, claimed_until = now() + $3 * interval '1 ms', touched_at = now()
from taken, (select set_config('synchronous_commit', 'off', true) as commits) quick
where item.job_id = taken.job_id and quick.commits = 'off'
returning item.job_id, item.owner, item.revision, item.not_before, item.snapshot`;

/**
 * Ranks the waiting jobs and reserves the best. $1 worker, $2 most jobs, $3 reservation in ms, $4 places of the
 * ranking. The query skips from owner to owner in the index, so a hundred thousand files of one owner take no more
 * time than one file. A job's turn is the number of its owner's running conversions plus its place among the owner's
 * waiting jobs. Returned rows with an owner are reserved. Rows without an owner are the next in turn, in order.
 */
export const RANK_AND_CLAIM = `
with recursive owners(owner) as (
  (select owner from processor.work_items where place = 'offered' order by owner limit 1)
  union all
  select (
    select item.owner from processor.work_items item
    where item.place = 'offered' and item.owner > owners.owner order by item.owner limit 1
  ) from owners where owners.owner is not null
), next_owner as materialized (
  select owner from owners where owner is not null limit ${CLAIM_OWNERS_MAX}
), compared as (
  select head.* from next_owner
  cross join lateral (
    select job_id, owner, priority, requested_position from processor.work_items item
    where item.place = 'offered' and item.owner = next_owner.owner
    order by priority desc, requested_position
    limit greatest(${CLAIM_OWNER_JOBS_MIN}, 2 * $4::int / (select count(*) from next_owner))
  ) head
  union
  (select job_id, owner, priority, requested_position from processor.work_items
    where place = 'offered' order by priority desc, requested_position limit ${CLAIM_OLDEST_MAX})
), busy as (
  select owner, running from processor.busy_owners()
), ranked as (
  select job_id, priority, requested_position, coalesce(busy.running, 0) + row_number() over (
    partition by compared.owner order by priority desc, requested_position) as turn
  from compared left join busy using (owner)
), best as materialized (
  select job_id, row_number() over (order by turn, priority desc, requested_position) as rank from ranked
  order by rank limit $4
), taken as (
  select item.job_id from processor.work_items item join best using (job_id)
  where item.place = 'offered' order by best.rank
  limit $2 for update of item skip locked
), reserved as (${RESERVE})
select best.rank, best.job_id, reserved.owner, reserved.revision, reserved.not_before, reserved.snapshot
from best left join reserved using (job_id) order by best.rank`;

/** Reserves jobs of an earlier ranking. $1 worker, $2 most jobs, $3 reservation in ms, $4 jobs in order. */
export const CLAIM_RANKED = `
with taken as (
  select item.job_id from processor.work_items item
  join unnest($4::uuid[]) with ordinality as best(job_id, rank) using (job_id)
  where item.place = 'offered' order by best.rank
  limit $2 for update of item skip locked
)
${RESERVE}`;
