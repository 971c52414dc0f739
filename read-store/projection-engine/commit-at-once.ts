import type { ReadStore } from '../pool.ts';
import { markValues, type CheckpointMove } from './checkpoint.ts';
import { CheckpointMoved } from './errors.ts';
import type { ProjectionTarget } from './projection.ts';
import { columnArrays, writeStatement } from './statement.ts';
import type { TableRows } from './table.ts';

/** The checkpoint moves under the writer's lease, or nothing is written: $1 to $8 as `commitAtOnce` gives them. */
function moveStatement({ underConstruction }: ProjectionTarget): string {
  const commits = underConstruction ? 'off' : 'on';
  return `
lease as materialized (
  select 1 from docket.projection_leases where projection = $1 and version = $2 and fencing_epoch = $3 for share
), moved as (
  update docket.checkpoints
  set commit_position = $4::bigint, prepare_position = $4::bigint, updated_at = now(),
    log_id = coalesce($6, log_id), event_id = coalesce($7, event_id),
    event_position = coalesce($8::bigint, event_position)
  from (select set_config('synchronous_commit', '${commits}', true)) durable
  where projection = $1 and version = $2 and commit_position = $5::bigint and exists (select from lease)
  returning 1
)`;
}

/**
 * Writes a batch and its checkpoint as one statement, which is one transaction and one round trip, planned once a
 * connection. Under load that is most of what a live projection costs.
 *
 * @throws CheckpointMoved when another writer was there; ReadStoreUnavailable, with the outcome unknown
 */
export async function commitAtOnce(
  store: Pick<ReadStore, 'prepared'>,
  target: ProjectionTarget,
  { fencingEpoch, from, to, mark }: CheckpointMove & { readonly fencingEpoch: bigint; readonly from: bigint },
  writes: readonly TableRows[],
): Promise<void> {
  const { ledger, version, schema, underConstruction } = target;
  const place = [fencingEpoch.toString(), to.toString(), from.toString()];
  const values: unknown[] = [ledger, version, ...place, ...markValues(mark)];
  const parts = [moveStatement(target)];
  for (const { table, rows } of writes) {
    if (rows.length === 0) continue;
    const statement = writeStatement(schema, table, {
      appendsTo: underConstruction ? 'keyless' : 'keyed',
      firstParameter: values.length + 1,
      onlyIf: 'exists (select from moved)',
    });
    parts.push(`wrote_${table.name} as (${statement})`);
    values.push(...columnArrays(table, rows));
  }
  const { rows } = await store.prepared(`with ${parts.join(', ')} select from moved`, values);
  if (rows.length !== 1) throw new CheckpointMoved(ledger, version);
}
