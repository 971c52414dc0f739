import { randomUUID } from 'node:crypto';
import type { EventLog } from '../../event-store/event-log.ts';
import { cancelling } from '../../read-store/cancelling.ts';
import { openReadStore, type ReadStore } from '../../read-store/pool.ts';
import { RowsRefused } from '../../read-store/projection-engine/projection-errors.ts';
import { releaseLease, renewLease, takeLease } from '../../read-store/projection-engine/lease.ts';
import type { ProjectionTarget } from '../../read-store/projection-engine/projection-definition.ts';
import type { Log } from '../../runtime/log/log.ts';
import { catchUp, together } from '../following/catch-up.ts';
import type { RegisteredProjection } from '../registry.ts';
import { allDone } from './all-done.ts';
import { bulkFill, type Filled } from './bulk-fill.ts';
import { finishTables } from './finish-tables.ts';

/** If a build is silent for this long, another build may start the tables again. */
const LEASE_TTL_MS = 60_000;
const LEASE_BEAT_MS = 10_000;
/**
 * Connections for each projection. While one connection writes a batch, the other begins the next batch. At the end one
 * connection writes held rows, while the other makes indexes of appended rows.
 */
const CONNECTIONS_EACH = 2;
/** One connection for the lease, while all other connections make indexes. */
const CONNECTIONS_BESIDE = 1;
/** Creating an index over millions of rows is a single statement. */
const STATEMENT_TIMEOUT_MS = 1_800_000;

export interface BuildParts {
  readonly log: Pick<EventLog, 'readAll' | 'readStream'>;
  /** Connection string of the read store. */
  readonly url: string;
  readonly logger: Log;
  /** Ends the build at once, even during a long statement. */
  readonly stop: AbortSignal;
  /** Called with the position up to which the tables are written, and the number of events. */
  readonly onProgress: (position: bigint, events: number) => void;
  /** See `bulkFill`. */
  readonly heldRowsMax?: number | undefined;
  /** Makes the error to throw when another build of the same tables holds the lease. */
  readonly alreadyRunning: (projection: string) => Error;
}

/** The progress of the written tables. */
export interface Written {
  readonly position: bigint;
  /** Number of streams in quarantine, because they cannot be folded. */
  readonly heldStreams: number;
}

/** The filled tables, while the build owns them. */
export interface FullTables {
  readonly store: ReadStore;
  readonly tables: readonly Filled[];
  /** Writes the events after the checkpoints of these tables. */
  readonly writeRest: (tables: readonly Filled[]) => Promise<readonly Written[]>;
}

/**
 * Builds tables from the first event beside the tables in use, and passes the filled tables to `use`. Docket builds
 * tables only in this way (ADR 0164). One read of the log fills all of them. Each table has its own entry in the
 * ledger. The entry counts once `use` marks it as built, or replaces another entry by it. Otherwise the build removes
 * its tables. Nobody reads the tables of a killed build, and the next build starts over.
 * @throws the error of `alreadyRunning`, LogUnavailable, ReadStoreUnavailable, the reason of `stop`, the errors of
 * `use`
 */
export async function buildTables<Result>(
  wanted: readonly Omit<Filled, 'fencingEpoch'>[],
  parts: BuildParts,
  use: (full: FullTables) => Promise<Result>,
): Promise<Result> {
  const { url, logger, stop } = parts;
  const applicationName = `docket-build-${randomUUID()}`;
  const store = openReadStore({
    url,
    poolMax: CONNECTIONS_EACH * wanted.length + CONNECTIONS_BESIDE,
    timeoutMs: STATEMENT_TIMEOUT_MS,
    log: logger,
    applicationName,
  });
  const begun: Filled[] = [];
  const beat = setInterval(() => {
    for (const { target, fencingEpoch } of begun)
      // The next batch notices a lost lease. If Postgres is away, the batch fails as well.
      renewLease(store, target, fencingEpoch, LEASE_TTL_MS).catch((error: unknown) =>
        logger.warn({ err: error }, 'the lease of a build was not renewed'),
      );
  }, LEASE_BEAT_MS);
  try {
    return await cancelling({ url, applicationName, stop }, async () => {
      for (const { projection, target } of wanted) {
        const fencingEpoch = await takeLease(store, target, `build-${randomUUID()}`, LEASE_TTL_MS);
        if (fencingEpoch === null) throw parts.alreadyRunning(projection.name);
        begun.push({ projection, target, fencingEpoch });
        await startOver(store, projection, target);
      }
      return await use(await fill(store, begun, parts));
    });
  } finally {
    clearInterval(beat);
    for (const each of begun) await leave(store, each);
    await store.close();
  }
}

async function fill(store: ReadStore, tables: readonly Filled[], parts: BuildParts): Promise<FullTables> {
  const { log, stop, onProgress, heldRowsMax } = parts;
  const isStopped = () => stop.aborted;
  let events = 0;
  const onBatch = (through: bigint, more: number) => onProgress(through, (events += more));
  const isFinished = await bulkFill({ tables, log, store, heldRowsMax, isStopped, onBatch });
  stop.throwIfAborted();
  const writeRest = (some: readonly Filled[]) => writeFromLog(store, some, { ...parts, onBatch });
  if (!isFinished) {
    for (const { projection, target } of tables) await startOver(store, projection, target);
    await writeRest(tables);
    await allDone(
      tables.map(({ projection, target }) =>
        finishTables(store, projection.tables, target.schema, () => true),
      ),
    );
  }
  return { store, tables, writeRest };
}

/** Writes the events after the checkpoints. A writer whose rows were refused is opened again from its checkpoint. */
async function writeFromLog(
  store: ReadStore,
  tables: readonly Filled[],
  options: BuildParts & { readonly onBatch: (through: bigint, events: number) => void },
): Promise<readonly Written[]> {
  const { log, logger, stop, onBatch } = options;
  const readMissing = (stream: string, from: bigint) => log.readStream(stream, from);
  for (;;) {
    const writers = await Promise.all(
      tables.map(({ projection, ...place }) => projection.openWriter({ store, readMissing, ...place })),
    );
    try {
      await catchUp(log, together(writers), onBatch, () => stop.aborted);
      stop.throwIfAborted();
      return writers.map((writer) => ({
        position: writer.checkpoint() ?? 0n,
        heldStreams: writer.heldStreams().size,
      }));
    } catch (error) {
      if (!(error instanceof RowsRefused)) throw error;
      logger.error({ err: error, streams: error.streams }, 'streams went into quarantine during the build');
    }
  }
}

/** Empties the tables, and notes in the ledger that they are being built. */
async function startOver(
  store: ReadStore,
  { tables }: RegisteredProjection,
  { ledger, version, schema }: ProjectionTarget,
): Promise<void> {
  await store.transaction(async (within) => {
    await within.query(`drop schema if exists ${schema} cascade`);
    await within.query(tables.create(schema));
    for (const table of ['checkpoints', 'quarantine'])
      await within.query(`delete from docket.${table} where projection = $1 and version = $2`, [
        ledger,
        version,
      ]);
    await within.query(
      `insert into docket.projections (name, version, epoch, is_current) values ($1, $2, gen_random_uuid(), false)
       on conflict (name, version) do update set epoch = gen_random_uuid(), created_at = now()`,
      [ledger, version],
    );
  });
}

/** Removes tables that were not used, and releases the lease, unless another build has taken it. */
async function leave(store: ReadStore, { target, fencingEpoch }: Filled): Promise<void> {
  const { ledger, version, schema } = target;
  await store.transaction(async (within) => {
    const { rowCount: isOurs } = await within.query(
      `select from docket.projection_leases where projection = $1 and version = $2 and fencing_epoch = $3 for update`,
      [ledger, version, fencingEpoch.toString()],
    );
    if (isOurs !== 1) return;
    const { rowCount: unused } = await within.query(
      'delete from docket.projections where name = $1 and version = $2 and built_at is null',
      [ledger, version],
    );
    if (unused !== 1) return releaseLease(within, target, fencingEpoch);
    await within.query(`drop schema if exists ${schema} cascade`);
    for (const table of ['checkpoints', 'quarantine', 'projection_leases'])
      await within.query(`delete from docket.${table} where projection = $1 and version = $2`, [
        ledger,
        version,
      ]);
  });
}
