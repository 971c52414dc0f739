import { randomUUID } from 'node:crypto';
import type { EventLog } from '../event-store/event-log.ts';
import { openReadStore, type Queryable, type ReadStore } from '../read-store/pool.ts';
import type { Log } from '../runtime/log.ts';
import { RowsRefused } from '../read-store/projection-engine/errors.ts';
import { takeLease } from '../read-store/projection-engine/lease.ts';
import type { ProjectionTarget } from '../read-store/projection-engine/projection.ts';
import { openWriter } from '../read-store/projection-engine/writer.ts';
import {
  createJobsV1,
  indexJobsV1,
  JOBS_V1_SCHEMA,
  JOBS_V1_TABLES,
  pointViewsAt,
} from '../read-store/tables/jobs-v1.ts';
import { catchUp } from './catch-up.ts';
import { jobsProjection } from './jobs/projection.ts';
import { JOBS_TARGET } from './start.ts';

/** The tables under construction, and where their checkpoint is kept until they take the place of the others. */
const BESIDE: ProjectionTarget = {
  ledger: 'jobs:rebuild',
  version: JOBS_TARGET.version,
  schema: `${JOBS_V1_SCHEMA}_rebuild`,
  underConstruction: true,
};
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
  readonly log: Pick<EventLog, 'readAll' | 'readStream'>;
  /** Connection string of the read store. */
  readonly url: string;
  readonly logger: Log;
  readonly onProgress?: (position: bigint) => void;
}

/**
 * Builds the tables of projection `jobs` again from the first event, beside the ones in use, and switches to them in
 * one transaction when they have come at least as far. Readers and the projector go on meanwhile; nothing outside the
 * read store is touched. A rebuild that dies leaves the tables in use as they are; the next one starts over.
 *
 * @throws RebuildRunning, LogUnavailable, ReadStoreUnavailable
 */
export async function rebuildJobs(options: RebuildOptions): Promise<Rebuilt> {
  const { url, logger } = options;
  const store = openReadStore({ url, poolMax: 2, timeoutMs: STATEMENT_TIMEOUT_MS, log: logger });
  try {
    return await rebuildIn(store, options);
  } finally {
    await store.close();
  }
}

async function rebuildIn(store: ReadStore, options: RebuildOptions): Promise<Rebuilt> {
  const fencingEpoch = await takeLease(store, BESIDE, randomUUID(), REBUILD_LEASE_TTL_MS);
  if (fencingEpoch === null) throw new RebuildRunning();
  try {
    await startOver(store);
    const build = () => buildFromLog(store, fencingEpoch, options);
    await build();
    await store.query(indexJobsV1(BESIDE.schema));
    for (let round = 1; ; round += 1) {
      const built = await build();
      if (await store.transaction((within) => switchTo(within, built.position))) return built;
      if (round >= CATCH_UP_ROUNDS_MAX) throw new RebuildBehind();
    }
  } finally {
    await store.query('delete from docket.projection_leases where projection = $1 and fencing_epoch = $2', [
      BESIDE.ledger,
      fencingEpoch.toString(),
    ]);
  }
}

/** Writes what the log has beyond the checkpoint; a writer whose rows were refused is opened again behind them. */
async function buildFromLog(
  store: ReadStore,
  fencingEpoch: bigint,
  options: RebuildOptions,
): Promise<Rebuilt> {
  const readMissing = (stream: string, from: bigint) => options.log.readStream(stream, from);
  for (;;) {
    const writer = await openWriter({
      store,
      projection: jobsProjection,
      target: BESIDE,
      fencingEpoch,
      readMissing,
    });
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

  constructor() {
    super('A rebuild of projection jobs is already running.');
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

async function startOver(store: ReadStore): Promise<void> {
  await store.transaction(async (within) => {
    await within.query(`drop schema if exists ${BESIDE.schema} cascade`);
    await within.query(createJobsV1(BESIDE.schema));
    for (const table of ['checkpoints', 'quarantine'])
      await within.query(`delete from docket.${table} where projection = $1`, [BESIDE.ledger]);
  });
}

/**
 * Puts the new tables in the place of the old ones: readers see the one or the other. Raising the lease's fencing
 * epoch makes the projector's next batch fail; it then goes on from the new checkpoint. False when the tables in use
 * are further than the new ones: readers must not step back.
 */
async function switchTo(within: Queryable, position: bigint): Promise<boolean> {
  const ledger = [JOBS_TARGET.ledger, JOBS_TARGET.version];
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
  await within.query(pointViewsAt(BESIDE.schema, JOBS_V1_TABLES));
  await within.query(`drop table ${JOBS_V1_TABLES.map((table) => `${JOBS_V1_SCHEMA}.${table}`).join(', ')}`);
  await within.query(`drop schema ${JOBS_V1_SCHEMA}`);
  await within.query(`alter schema ${BESIDE.schema} rename to ${JOBS_V1_SCHEMA}`);
  for (const table of ['checkpoints', 'quarantine']) {
    await within.query(`delete from docket.${table} where projection = $1 and version = $2`, ledger);
    await within.query(`update docket.${table} set projection = $1 where projection = $2 and version = $3`, [
      JOBS_TARGET.ledger,
      BESIDE.ledger,
      BESIDE.version,
    ]);
  }
  await within.query(
    'update docket.projections set epoch = gen_random_uuid() where name = $1 and version = $2',
    ledger,
  );
  return true;
}
