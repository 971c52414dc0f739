import { randomUUID } from 'node:crypto';
import type { EventLog } from '../event-store/event-log.ts';
import { cancelling } from '../read-store/cancelling.ts';
import { isLockConflict } from '../read-store/read-store-errors.ts';
import { openReadStore, type Queryable, type ReadStore } from '../read-store/pool.ts';
import type { Log } from '../runtime/log.ts';
import { RowsRefused } from '../read-store/projection-engine/projection-errors.ts';
import { takeLease } from '../read-store/projection-engine/lease.ts';
import type { ProjectionTarget } from '../read-store/projection-engine/projection-definition.ts';
import { CodedError } from '../schemas/coded-error.ts';
import { bulkFill } from './versions/bulk-fill.ts';
import { catchUp, together } from './following/catch-up.ts';
import { GIVE_WAY_TO_READERS } from './following/give-way.ts';
import { finishTables } from './versions/finish-tables.ts';
import type { RegisteredProjection } from './registry.ts';
import { pointViewAt } from './versions/view-columns.ts';

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
/** One writes a batch, one begins the next. */
const CONNECTIONS_EACH = 2;
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
  /** Built together: the log is read once for all of them. */
  readonly projections: readonly RegisteredProjection[];
  readonly log: Pick<EventLog, 'readAll' | 'readStream'>;
  /** Connection string of the read store. */
  readonly url: string;
  readonly logger: Log;
  readonly onProgress?: (position: bigint) => void;
  /** Ends it at once, whatever statement runs; the tables in use stay in use. */
  readonly stop?: AbortSignal;
}

/** A projection whose tables are being built beside those in use. */
interface Rebuilding {
  readonly projection: RegisteredProjection;
  readonly beside: ProjectionTarget;
  readonly fencingEpoch: bigint;
}

/**
 * Builds the tables of projections again from the first event, beside the ones in use, and switches each to them in
 * one transaction when they have come at least as far. Readers and the projector go on meanwhile; nothing outside the
 * read store is touched. A rebuild that is stopped or fails leaves the tables in use as they are and removes its own;
 * one that dies leaves them to the next, which starts over.
 *
 * @returns what each came to, in the order of `projections`
 * @throws RebuildRunning, RebuildBehind, LogUnavailable, ReadStoreUnavailable, the reason of `stop`
 */
export async function rebuildProjections(options: RebuildOptions): Promise<readonly Rebuilt[]> {
  const { url, logger, projections, stop = new AbortController().signal } = options;
  const poolMax = CONNECTIONS_EACH * projections.length;
  const applicationName = `docket-rebuild-${randomUUID()}`;
  const store = openReadStore({
    url,
    poolMax,
    timeoutMs: STATEMENT_TIMEOUT_MS,
    log: logger,
    applicationName,
  });
  const begun: Rebuilding[] = [];
  try {
    return await cancelling({ url, applicationName, stop }, async () => {
      for (const projection of projections) {
        const beside = besideOf(projection);
        const fencingEpoch = await takeLease(store, beside, randomUUID(), REBUILD_LEASE_TTL_MS);
        if (fencingEpoch === null) throw new RebuildRunning(projection.name);
        begun.push({ projection, beside, fencingEpoch });
        await startOver(store, projection, beside);
      }
      return await buildAndSwitch(store, begun, { ...options, stop });
    });
  } finally {
    for (const each of begun) await leave(store, each);
    await store.close();
  }
}

/** Removes the tables that did not take the place of those in use, and gives the lease back; unless another has it. */
async function leave(store: ReadStore, { beside, fencingEpoch }: Rebuilding): Promise<void> {
  await store.transaction(async (within) => {
    const { rowCount } = await within.query(
      'delete from docket.projection_leases where projection = $1 and fencing_epoch = $2',
      [beside.ledger, fencingEpoch.toString()],
    );
    if (rowCount === 1) await removeTables(within, beside);
  });
}

async function buildAndSwitch(
  store: ReadStore,
  begun: readonly Rebuilding[],
  options: RebuildOptions & { readonly stop: AbortSignal },
): Promise<readonly Rebuilt[]> {
  const { stop, log, onProgress = () => undefined } = options;
  const isStopped = () => stop.aborted;
  const tables = begun.map(({ beside: target, ...rest }) => ({ target, ...rest }));
  if (!(await bulkFill({ tables, log, store, isStopped, onBatch: onProgress })))
    for (const { projection, beside } of begun) await startOver(store, projection, beside);
  await buildFromLog(store, begun, options);
  await Promise.all(begun.map(({ projection, beside }) => finishTables(store, projection, beside.schema)));
  const done = new Map<Rebuilding, Rebuilt>();
  for (let round = 1; round <= CATCH_UP_ROUNDS_MAX; round += 1) {
    const open = begun.filter((each) => !done.has(each));
    const built = await buildFromLog(store, open, options);
    for (const [index, each] of open.entries()) {
      const rebuilt = built[index]!;
      if (await tryToSwitch(store, each.projection, each.beside, rebuilt.position)) done.set(each, rebuilt);
    }
    if (done.size === begun.length) return begun.map((each) => done.get(each)!);
  }
  throw new RebuildBehind();
}

/** Writes what the log has beyond the checkpoints; writers whose rows were refused are opened again behind them. */
async function buildFromLog(
  store: ReadStore,
  begun: readonly Rebuilding[],
  options: RebuildOptions & { readonly stop: AbortSignal },
): Promise<readonly Rebuilt[]> {
  const { stop, onProgress = () => undefined } = options;
  const readMissing = (stream: string, from: bigint) => options.log.readStream(stream, from);
  for (;;) {
    const writers = await Promise.all(
      begun.map(({ projection, beside: target, fencingEpoch }) =>
        projection.openWriter({ store, target, fencingEpoch, readMissing }),
      ),
    );
    try {
      await catchUp(options.log, together(writers), onProgress, () => stop.aborted);
      stop.throwIfAborted();
      return writers.map((writer) => ({
        heldStreams: writer.heldStreams().size,
        position: writer.checkpoint() ?? 0n,
      }));
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
export class RebuildRunning extends CodedError {
  readonly code = 'REBUILD_RUNNING';
  readonly retryable = true;

  constructor(projection: string) {
    super(`A rebuild of projection ${projection} is already running.`);
  }
}

/** The projector stayed ahead of the rebuild in every round. */
export class RebuildBehind extends CodedError {
  readonly code = 'REBUILD_BEHIND';
  readonly retryable = true;

  constructor() {
    super('The rebuild did not come as far as the tables in use; run it again at a quieter time.');
  }
}

async function startOver(
  store: ReadStore,
  { tables }: RegisteredProjection,
  beside: ProjectionTarget,
): Promise<void> {
  await store.transaction(async (within) => {
    await removeTables(within, beside);
    await within.query(tables.create(beside.schema));
  });
}

async function removeTables(within: Queryable, { ledger, schema }: ProjectionTarget): Promise<void> {
  await within.query(`drop schema if exists ${schema} cascade`);
  for (const table of ['checkpoints', 'quarantine'])
    await within.query(`delete from docket.${table} where projection = $1`, [ledger]);
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
  for (const table of tables.names) await pointViewAt(within, beside.schema, table);
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
