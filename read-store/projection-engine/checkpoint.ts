import type { Queryable } from '../pool.ts';
import { CheckpointMoved } from './errors.ts';
import type { ProjectionTarget } from './projection.ts';

/** Where a projection stands in the log; null before its first batch. */
export type Checkpoint = bigint | null;

/** The stored checkpoint, and the run of the tables it belongs to. */
export async function readCheckpoint(on: Queryable, target: ProjectionTarget): Promise<Checkpoint> {
  const { rows } = await on.query<{ commit_position: string }>(
    'select commit_position from docket.checkpoints where projection = $1 and version = $2',
    [target.ledger, target.version],
  );
  return rows[0] ? BigInt(rows[0].commit_position) : null;
}

/**
 * Moves the checkpoint inside the transaction of its rows, if it is where this writer left it and the writer still
 * has the lease. Commit and prepare position are both kept, since a subscription needs both; Docket's log has them
 * equal.
 *
 * @throws CheckpointMoved
 */
export async function moveCheckpoint(
  on: Queryable,
  target: ProjectionTarget,
  fencingEpoch: bigint,
  from: Checkpoint,
  to: bigint,
): Promise<void> {
  const lease = `select 1 from docket.projection_leases
    where projection = $1 and version = $2 and fencing_epoch = $3 for share`;
  const own = [target.ledger, target.version, fencingEpoch.toString(), to.toString()];
  const { rowCount } =
    from === null
      ? await on.query(
          `with lease as (${lease})
           insert into docket.checkpoints (projection, version, commit_position, prepare_position)
           select $1, $2, $4::bigint, $4::bigint from lease on conflict do nothing`,
          own,
        )
      : await on.query(
          `with lease as materialized (${lease})
           update docket.checkpoints
           set commit_position = $4::bigint, prepare_position = $4::bigint, updated_at = now()
           where projection = $1 and version = $2 and commit_position = $5 and exists (select from lease)`,
          [...own, from.toString()],
        );
  if (rowCount !== 1) throw new CheckpointMoved(target.ledger, target.version);
}
