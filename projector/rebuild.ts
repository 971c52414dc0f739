import { randomUUID } from 'node:crypto';
import type { EventLog } from '../event-store/event-log.ts';
import { isLockConflict } from '../read-store/errors.ts';
import { openReadStore, type Queryable, type ReadStore } from '../read-store/pool.ts';
import type { Log } from '../runtime/log.ts';
import { RowsRefused } from '../read-store/projection-engine/errors.ts';
import { takeLease } from '../read-store/projection-engine/lease.ts';
import type { ProjectionTarget } from '../read-store/projection-engine/projection.ts';
import { pointViewsAt } from '../read-store/tables/jobs-v1.ts';
import { catchUp } from './catch-up.ts';
import { GIVE_WAY_TO_READERS } from './give-way.ts';
import type { RegisteredProjection } from './registry.ts';

/** The tables under construction, and where their checkpoint is kept until they take the place of the others. */
function besideOf({ target }: RegisteredProjection): ProjectionTarget {
  return {
    ledger: `${target.ledger}:rebuild`,
    version: target.version,
    schema: `${target.schema}_rebuild`,
    underConstruction: true,
  };
}
/** A rebuild holds its lease for its whole run; a dead one is followed after this. */
const REBUILD_LEASE_TTL_MS = 3_600_000;
/** Rounds of catching up with a projector that goes on writing meanwhile. */
const CATCH_UP_ROUNDS_MAX = 50;
/** Making an index of millions of rows is one statement. */
const STATEMENT_TIMEOUT_MS = 1_800_000;

export interface Rebuilt {
  /** Streams that this build cannot fold; they are in quarantine. */
  readonly heldStreams: number;
  readonly position: bigint;
}

export interface RebuildOptions {
  readonly projection: RegisteredProjection;
  readonly log: Pick<EventLog, 'readAll' | 'readStream'>;
  /** Connection string of the read store. */
  readonly url: string;
  readonly logger: Log;
  readonly onProgress?: (position: bigint) => void;
}

/**
 * Builds the tables of a projection again from the first event, beside the ones in use, and switches to them in
 * one transaction when they have come at least as far. Readers and the projector go on meanwhile; nothing outside the
 * read store is touched. A rebuild that dies leaves the tables in use as they are; the next one starts over.
 *
 * @throws RebuildRunning, LogUnavailable, ReadStoreUnavailable
 */
export async function rebuildProjection(options: RebuildOptions): Promise<Rebuilt> {
  const { url, logger } = options;
  const store = openReadStore({ url, poolMax: 2, timeoutMs: STATEMENT_TIMEOUT_MS, log: logger });
  try {
    return await rebuildIn(store, options);
  } finally {
    await store.close();
  }
}

async function rebuildIn(store: ReadStore, options: RebuildOptions): Promise<Rebuilt> {
  const { projection } = options;
  const beside = besideOf(projection);
  const fencingEpoch = await takeLease(store, beside, randomUUID(), REBUILD_LEASE_TTL_MS);
  if (fencingEpoch === null) throw new RebuildRunning(projection.name);
  try {
    await startOver(store, projection, beside);
    const build = () => buildFromLog(store, beside, fencingEpoch, options);
    await build();
    await store.query(projection.tables.index(beside.schema));
    for (let round = 1; ; round += 1) {
      const built = await build();
      if (await tryToSwitch(store, projection, beside, built.position)) return built;
      if (round >= CATCH_UP_ROUNDS_MAX) throw new RebuildBehind();
    }
  } finally {
    await store.query('delete from docket.projection_leases where projection = $1 and fencing_epoch = $2', [
      beside.ledger,
      fencingEpoch.toString(),
    ]);
  }
}

/** Writes what the log has beyond the checkpoint; a writer whose rows were refused is opened again behind them. */
async function buildFromLog(
  store: ReadStore,
  target: ProjectionTarget,
  fencingEpoch: bigint,
  options: RebuildOptions,
): Promise<Rebuilt> {
  const readMissing = (stream: string, from: bigint) => options.log.readStream(stream, from);
  for (;;) {
    const writer = await options.projection.openWriter({ store, target, fencingEpoch, readMissing });
    try {
      await catchUp(options.log, writer, options.onProgress ?? (() => undefined), () => false);
      return { heldStreams: writer.heldStreams().size, position: writer.checkpoint() ?? 0n };
    } catch (error) {
      if (!(error instanceof RowsRefused)) throw error;
      options.logger.error(
        { err: error, streams: error.streams },
        'streams went into quarantine during the rebuild',
      );
    }
  }
}

/** Another rebuild holds the lease. */
export class RebuildRunning extends Error {
  readonly code = 'REBUILD_RUNNING';
  readonly retryable = true;

  constructor(projection: string) {
    super(`A rebuild of projection ${projection} is already running.`);
    this.name = 'RebuildRunning';
  }
}

/** The projector stayed ahead of the rebuild in every round. */
export class RebuildBehind extends Error {
  readonly code = 'REBUILD_BEHIND';
  readonly retryable = true;

  constructor() {
    super('The rebuild did not come as far as the tables in use; run it again at a quieter time.');
    this.name = 'RebuildBehind';
  }
}

async function startOver(
  store: ReadStore,
  { tables }: RegisteredProjection,
  beside: ProjectionTarget,
): Promise<void> {
  await store.transaction(async (within) => {
    await within.query(`drop schema if exists ${beside.schema} cascade`);
    await within.query(tables.create(beside.schema));
    for (const table of ['checkpoints', 'quarantine'])
      await within.query(`delete from docket.${table} where projection = $1`, [beside.ledger]);
  });
}

/** False when the tables in use are further, or a reader or the projector held a lock all the while. */
async function tryToSwitch(
  store: ReadStore,
  projection: RegisteredProjection,
  beside: ProjectionTarget,
  position: bigint,
): Promise<boolean> {
  try {
    return await store.transaction(async (within) => {
      await within.query(GIVE_WAY_TO_READERS);
      return switchTo(within, projection, beside, position);
    });
  } catch (error) {
    if (!isLockConflict(error)) throw error;
    return false;
  }
}

/**
 * Puts the new tables in the place of the old ones: readers see the one or the other. Raising the lease's fencing
 * epoch makes the projector's next batch fail; it then goes on from the new checkpoint. False when the tables in use
 * are further than the new ones: readers must not step back.
 */
async function switchTo(
  within: Queryable,
  { target, tables }: RegisteredProjection,
  beside: ProjectionTarget,
  position: bigint,
): Promise<boolean> {
  const ledger = [target.ledger, target.version];
  await within.query(
    `update docket.projection_leases set fencing_epoch = fencing_epoch + 1, held_until = now()
     where projection = $1 and version = $2`,
    ledger,
  );
  const { rows } = await within.query<{ commit_position: string }>(
    'select commit_position from docket.checkpoints where projection = $1 and version = $2 for update',
    ledger,
  );
  if (rows[0] && BigInt(rows[0].commit_position) > position) return false;
  // The views first: they, their grants and what others built on them outlive the old tables.
  await within.query(pointViewsAt(beside.schema, tables.names));
  await within.query(`drop table ${tables.names.map((table) => `${target.schema}.${table}`).join(', ')}`);
  await within.query(`drop schema ${target.schema}`);
  await within.query(`alter schema ${beside.schema} rename to ${target.schema}`);
  for (const table of ['checkpoints', 'quarantine']) {
    await within.query(`delete from docket.${table} where projection = $1 and version = $2`, ledger);
    await within.query(`update docket.${table} set projection = $1 where projection = $2 and version = $3`, [
      target.ledger,
      beside.ledger,
      beside.version,
    ]);
  }
  await within.query(
    'update docket.projections set epoch = gen_random_uuid() where name = $1 and version = $2',
    ledger,
  );
  return true;
}
