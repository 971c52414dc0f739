/** Most owners whose best jobs are compared in one claim. */
export const CLAIM_OWNERS_MAX = 200;
/** The oldest jobs compared as well, so that nobody starves when more owners than that are waiting. */
export const CLAIM_OLDEST_MAX = 200;
/** How many more jobs than asked are looked at, since another worker may be taking the same ones. */
export const CLAIM_SLACK = 4;

/**
 * Reserves jobs: $1 worker, $2 most jobs, $3 reservation in ms. Owners are found by skipping from one to the next in
 * the index, so one owner's hundred thousand files cost no more than one file. A job's turn is the number of its
 * owner's running conversions plus its place among the owner's own waiting jobs. Does not wait for the disk: a reservation that a crash takes away was only a reservation.
 */
export const CLAIM = `
with recursive owners(owner) as (
  (select owner from processor.work_items where place = 'offered' order by owner limit 1)
  union all
  select (
    select item.owner from processor.work_items item
    where item.place = 'offered' and item.owner > owners.owner order by item.owner limit 1
  ) from owners where owners.owner is not null
), compared as (
  select head.* from (select owner from owners where owner is not null limit ${CLAIM_OWNERS_MAX}) next_owner
  cross join lateral (
    select job_id, owner, priority, requested_position from processor.work_items item
    where item.place = 'offered' and item.owner = next_owner.owner
    order by priority desc, requested_position limit $2 * ${CLAIM_SLACK}
  ) head
  union
  (select job_id, owner, priority, requested_position from processor.work_items
    where place = 'offered' order by priority desc, requested_position limit ${CLAIM_OLDEST_MAX})
), busy as (
  select owner, count(*) as running from processor.work_items where place in ('claimed', 'running') group by owner
), ranked as (
  select job_id, priority, requested_position, coalesce(busy.running, 0) + row_number() over (
    partition by compared.owner order by priority desc, requested_position) as turn
  from compared left join busy using (owner)
), best as (
  select job_id, turn from ranked
  order by turn, priority desc, requested_position limit $2 * ${CLAIM_SLACK}
), taken as (
  select item.job_id from processor.work_items item join best using (job_id)
  where item.place = 'offered'
  order by best.turn, item.priority desc, item.requested_position
  limit $2 for update of item skip locked
)
update processor.work_items item
set place = 'claimed', worker_id = $1, claimed_until = now() + $3 * interval '1 ms', touched_at = now()
from taken, (select set_config('synchronous_commit', 'off', true) as commits) quick
where item.job_id = taken.job_id and quick.commits = 'off'
returning item.job_id, item.owner, item.revision, item.not_before, item.snapshot`;
