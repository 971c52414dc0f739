import { columnArrays } from '../../read-store/projection-engine/statement.ts';
import type { Column, Values } from '../../read-store/projection-engine/table.ts';
import { snapshotOf } from './snapshot.ts';
import type { WorkChange } from './work-change.ts';

/** The columns of a change, in the order of the statements' parameters. */
const COLUMNS: readonly Column[] = [
  { name: 'job_id', type: 'uuid' },
  { name: 'revision', type: 'bigint' },
  { name: 'owner', type: 'text' },
  { name: 'priority', type: 'integer' },
  { name: 'requested_position', type: 'bigint' },
  { name: 'place', type: 'text' },
  { name: 'not_before', type: 'timestamptz' },
  { name: 'wait_ms', type: 'bigint' },
  { name: 'worker_id', type: 'text' },
  { name: 'fencing_token', type: 'bigint' },
  { name: 'lease_ms', type: 'bigint' },
  { name: 'snapshot', type: 'text' },
  { name: 'reserve_ms', type: 'bigint' },
];

/** The columns of a batch of changes for `unnest`: one array for each column. */
export function columnsOf(changes: readonly WorkChange[]): string[] {
  return columnArrays({ columns: COLUMNS }, changes.map(valuesOf));
}

function valuesOf({ jobId, revision, standing, placement }: WorkChange): Values {
  return [
    jobId,
    revision,
    standing?.owner ?? null,
    standing?.priority ?? null,
    standing?.requestedPosition ?? null,
    placement.place,
    placement.place === 'later' ? placement.notBefore : null,
    placement.place === 'later' ? placement.waitMs : null,
    placement.place === 'running' || placement.place === 'claimed' ? placement.workerId : null,
    placement.place === 'running' ? placement.fencingToken : null,
    placement.place === 'running' ? placement.leaseMs : null,
    isOpen(placement) && standing?.known ? snapshotOf(standing.known) : null,
    placement.place === 'claimed' ? placement.reserveMs : null,
  ];
}

/** True when, as far as the change knows, the log does not have the start of the job's next attempt yet. */
function isOpen({ place }: WorkChange['placement']): boolean {
  return place === 'offered' || place === 'claimed';
}

const CHANGE_COLUMNS = `unnest(${COLUMNS.map(({ type }, index) => `$${index + 1}::${type}[]`).join(', ')})
  as change(${COLUMNS.map(({ name }) => name).join(', ')})`;

/** Every column that a placement sets; `now()` is the list's own clock. */
const PLACED = `
    revision = change.revision,
    snapshot = change.snapshot,
    place = change.place,
    not_before = change.not_before,
    due_at = now() + change.wait_ms * interval '1 ms',
    worker_id = change.worker_id,
    fencing_token = change.fencing_token,
    lease_ends_at = now() + change.lease_ms * interval '1 ms',
    claimed_until = now() + change.reserve_ms * interval '1 ms',
    touched_at = now()`;

/**
 * Applies a batch of changes and moves the checkpoint. A held job stays held after any later event, because its
 * stream as a whole is not understood. Only `CORRECT` releases it.
 *
 * One statement is one transaction and one round trip. The checkpoint moves only under the feeder's epoch, and only
 * if it is still the feeder's last checkpoint. Otherwise the statement writes nothing. Only this statement removes
 * finished jobs from the list. The commit does not wait for the disk. A crash of Postgres loses the rows and their
 * checkpoint together, and the statement refuses a feeder that would continue after the gap. The same write is
 * accepted again, because its answer may have been lost.
 */
export const APPLY = `
with moved as (
  update processor.feed set position = $14::bigint, log_id = coalesce($17, log_id), event_id = coalesce($18, event_id),
    event_position = coalesce($19::bigint, event_position)
  from (select set_config('synchronous_commit', 'off', true) as commits) quick
  where name = 'work-list' and epoch = $15 and (position is not distinct from $16::bigint or position = $14)
    and quick.commits = 'off'
  returning 1
), change as (
  select * from ${CHANGE_COLUMNS} where exists (select from moved)
), entered as (
  insert into processor.work_items as item (job_id, owner, priority, requested_position, revision, snapshot, place,
    not_before, due_at, worker_id, fencing_token, lease_ends_at, claimed_until)
  select job_id, owner, priority, requested_position, revision, snapshot, place, not_before,
    now() + wait_ms * interval '1 ms', worker_id, fencing_token, now() + lease_ms * interval '1 ms',
    now() + reserve_ms * interval '1 ms'
  from change where owner is not null and place <> 'done'
  on conflict (job_id) do update set
    owner = excluded.owner, priority = excluded.priority, requested_position = excluded.requested_position,
    revision = excluded.revision, snapshot = excluded.snapshot, place = excluded.place, not_before = excluded.not_before,
    due_at = excluded.due_at, worker_id = excluded.worker_id, fencing_token = excluded.fencing_token,
    lease_ends_at = excluded.lease_ends_at, claimed_until = excluded.claimed_until, touched_at = now()
  where item.revision < excluded.revision
), placed as (
  update processor.work_items item set ${PLACED}
  from change
  where item.job_id = change.job_id and item.revision < change.revision
    and change.owner is null and change.place <> 'done' and item.place <> 'held'
), finished as (
  delete from processor.work_items item using change
  where item.job_id = change.job_id and item.revision <= change.revision and change.place = 'done'
)
select count(*)::int as moved from moved`;

/**
 * Sets existing rows to the state of their streams. The row of a finished job stays until the feeder reads the job's
 * last event. A row that is ahead of its stream goes back, unless somebody wrote the row after the stream was read
 * ($14).
 */
export const CORRECT = `
update processor.work_items item set ${PLACED},
  owner = coalesce(change.owner, item.owner)
from (select * from ${CHANGE_COLUMNS}) change
join unnest($1::uuid[], $14::bigint[]) as before(job_id, row_revision) using (job_id)
where item.job_id = change.job_id
  and (item.revision < change.revision
    or (item.revision = change.revision and item.place in ('claimed', 'held'))
    or (item.revision > change.revision and item.revision = before.row_revision))`;
