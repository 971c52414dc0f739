import type { LogMark } from '../../schemas/events/log-mark.ts';
import type { Queryable } from '../pool.ts';
import { CheckpointMoved } from './projection-errors.ts';
import type { ProjectionTarget } from './projection-definition.ts';

/** The position of a projection in the log; null before its first batch. */
export type Checkpoint = bigint | null;

/** Reads the stored checkpoint, and the epoch of its tables. */
export async function readCheckpoint(on: Queryable, target: ProjectionTarget): Promise<Checkpoint> {
  const { rows } = await on.query<{ commit_position: string }>(
    'select commit_position from docket.checkpoints where projection = $1 and version = $2',
    [target.ledger, target.version],
  );
  return rows[0] ? BigInt(rows[0].commit_position) : null;
}

/** A checkpoint and the event at it. The mark is null before the first event, and for checkpoints of old versions. */
export interface Standing {
  readonly checkpoint: Checkpoint;
  readonly mark: LogMark | null;
}

/** Reads the stored checkpoint with its mark. */
export async function readStanding(on: Queryable, target: ProjectionTarget): Promise<Standing> {
  const { rows } = await on.query<{
    commit_position: string;
    log_id: string | null;
    event_id: string | null;
    event_position: string | null;
  }>(
    `select commit_position, log_id, event_id, event_position from docket.checkpoints
     where projection = $1 and version = $2`,
    [target.ledger, target.version],
  );
  const [row] = rows;
  if (!row) return { checkpoint: null, mark: null };
  const { log_id: logId, event_id: eventId, event_position: position } = row;
  const mark =
    logId === null || eventId === null || position === null
      ? null
      : { logId, eventId, position: BigInt(position) };
  return { checkpoint: BigInt(row.commit_position), mark };
}

/** The new checkpoint, and the last permanent event up to it. A null mark leaves the stored mark unchanged. */
export interface CheckpointMove {
  readonly from: Checkpoint;
  readonly to: bigint;
  readonly mark: LogMark | null;
}

/** The mark as parameters of a statement: log, event, position. */
export function markValues(mark: LogMark | null): (string | null)[] {
  return [mark?.logId ?? null, mark?.eventId ?? null, mark?.position.toString() ?? null];
}

/**
 * Moves the checkpoint in the transaction of its rows. The checkpoint must still be the last one of this writer, and
 * the writer must have the lease. Commit and prepare position are both stored, because a subscription needs both. In
 * Docket's log they are equal.
 * @throws CheckpointMoved
 */
export async function moveCheckpoint(
  on: Queryable,
  target: ProjectionTarget,
  fencingEpoch: bigint,
  { from, to, mark }: CheckpointMove,
): Promise<void> {
  const lease = `select 1 from docket.projection_leases
    where projection = $1 and version = $2 and fencing_epoch = $3 for share`;
  const own = [target.ledger, target.version, fencingEpoch.toString(), to.toString(), ...markValues(mark)];
  const { rowCount } =
    from === null
      ? await on.query(
          `with lease as (${lease})
           insert into docket.checkpoints
             (projection, version, commit_position, prepare_position, log_id, event_id, event_position)
           select $1, $2, $4::bigint, $4::bigint, $5::text, $6::text, $7::bigint from lease on conflict do nothing`,
          own,
        )
      : await on.query(
          `with lease as materialized (${lease})
           update docket.checkpoints
           set commit_position = $4::bigint, prepare_position = $4::bigint, updated_at = now(),
             log_id = coalesce($5, log_id), event_id = coalesce($6, event_id),
             event_position = coalesce($7::bigint, event_position)
           where projection = $1 and version = $2 and commit_position = $8 and exists (select from lease)`,
          [...own, from.toString()],
        );
  if (rowCount !== 1) throw new CheckpointMoved(target.ledger, target.version);
}
