import type { EventLog } from '../../event-store/event-log.ts';
import { differenceFrom, type LogDiffers } from '../../event-store/log-difference.ts';
import type { Queryable, ReadStore } from '../../read-store/pool.ts';
import { readStanding, type Standing } from '../../read-store/projection-engine/checkpoint.ts';
import { CheckpointMoved } from '../../read-store/projection-engine/projection-errors.ts';
import type {
  FoldedRow,
  Projection,
  ProjectionTarget,
} from '../../read-store/projection-engine/projection-definition.ts';
import type { Log } from '../../runtime/log/log.ts';
import { LASTING_STREAM_PREFIXES } from '../../schemas/events/streams.ts';
import { SHORT_LOCK_TIMEOUT } from './lock-timeout.ts';

export interface StartOverParts<Event, Row extends FoldedRow> {
  readonly log: Pick<EventLog, 'head' | 'eventAt' | 'readAll'>;
  readonly store: ReadStore;
  readonly projection: Projection<Event, Row>;
  readonly target: ProjectionTarget;
  readonly fencingEpoch: bigint;
  readonly logger: Log;
}

/**
 * Compares the stored mark with the log, and empties the tables if they came from another log. After that, they show
 * only events of the log (ADR 0112), and are built again from the first event.
 * @returns the end of the log when the tables were emptied, until they are built again; usually null
 * @throws CheckpointMoved, LogUnavailable, ReadStoreUnavailable
 */
export async function startOverOnAnotherLog<Event, Row extends FoldedRow>(
  parts: StartOverParts<Event, Row>,
): Promise<bigint | null> {
  const { log, store, target, logger } = parts;
  const difference = await differenceOf(log, await readStanding(store, target));
  if (difference !== null) {
    logger.error(
      { err: difference, projection: target.ledger, alert: 'log-differs' },
      'the read tables are built again from the log',
    );
    await emptyTables(parts, await log.head(), difference.message);
  }
  return rebuildingUntil(store, target);
}

/**
 * Tells why this log is not the log from which the tables were made. Null when it is the same log.
 * @throws LogUnavailable
 */
export async function differenceOf(
  log: StartOverParts<unknown, FoldedRow>['log'],
  { checkpoint, mark }: Standing,
): Promise<LogDiffers | null> {
  if (checkpoint === null) return null;
  return differenceFrom(log, { checkpoint, mark, streamPrefixes: LASTING_STREAM_PREFIXES });
}

/**
 * Empties the tables in one transaction, under the lease. The new epoch invalidates every older resume token and page
 * cursor.
 */
async function emptyTables<Event, Row extends FoldedRow>(
  { store, projection, target, fencingEpoch }: StartOverParts<Event, Row>,
  until: bigint,
  why: string,
): Promise<void> {
  const { ledger, version, schema } = target;
  const tables = [projection.rows, ...projection.derived].map(({ name }) => `${schema}.${name}`);
  await store.transaction(async (within) => {
    await within.query(SHORT_LOCK_TIMEOUT);
    const { rowCount } = await within.query(
      'select from docket.projection_leases where projection = $1 and version = $2 and fencing_epoch = $3 for share',
      [ledger, version, fencingEpoch.toString()],
    );
    if (rowCount !== 1) throw new CheckpointMoved(ledger, version);
    await within.query(`truncate ${tables.join(', ')}`);
    for (const table of ['checkpoints', 'quarantine'])
      await within.query(`delete from docket.${table} where projection = $1 and version = $2`, [
        ledger,
        version,
      ]);
    await within.query(
      `update docket.projections set epoch = gen_random_uuid(), rebuilding_since = now(), rebuilding_until = $3,
         rebuilding_why = $4 where name = $1 and version = $2`,
      [ledger, version, until.toString(), why],
    );
  });
}

async function rebuildingUntil(on: Queryable, { ledger, version }: ProjectionTarget): Promise<bigint | null> {
  const { rows } = await on.query<{ until: string }>(
    `select rebuilding_until as until from docket.projections
     where name = $1 and version = $2 and rebuilding_since is not null`,
    [ledger, version],
  );
  return rows[0] ? BigInt(rows[0].until) : null;
}

/** Notes that the tables show the whole log again. */
export async function endRebuild(on: Queryable, { ledger, version }: ProjectionTarget): Promise<void> {
  await on.query(
    `update docket.projections set rebuilding_since = null, rebuilding_until = null, rebuilding_why = null
     where name = $1 and version = $2`,
    [ledger, version],
  );
}
