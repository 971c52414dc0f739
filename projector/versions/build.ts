import { randomUUID } from 'node:crypto';
import type { EventLog } from '../../event-store/event-log.ts';
import { cancelling } from '../../read-store/cancelling.ts';
import { openReadStore, type ReadStore } from '../../read-store/pool.ts';
import { RowsRefused } from '../../read-store/projection-engine/projection-errors.ts';
import { releaseLease, takeLease } from '../../read-store/projection-engine/lease.ts';
import type { ProjectionTarget } from '../../read-store/projection-engine/projection-definition.ts';
import type { Log } from '../../runtime/log.ts';
import { bulkFill } from './bulk-fill.ts';
import { catchUp } from '../following/catch-up.ts';
import { finishTables } from './finish-tables.ts';
import type { RegisteredProjection } from '../registry.ts';
import { ledgerVersions, VersionRefused } from './ledger.ts';

/** A build holds its lease for its whole run; a dead one is followed after this. */
const BUILD_LEASE_TTL_MS = 3_600_000;
/** Making an index of millions of rows is one statement. */
const STATEMENT_TIMEOUT_MS = 1_800_000;

export interface BuildOptions {
  readonly projection: RegisteredProjection;
  readonly log: Pick<EventLog, 'readAll' | 'readStream'>;
  readonly url: string;
  readonly logger: Log;
  readonly stop: AbortSignal;
  /** Up to which position the tables are written, and how many events that were. */
  readonly onProgress: (position: bigint, events: number) => void;
}

export type Built =
  | { readonly outcome: 'built'; readonly position: bigint; readonly heldStreams: number }
  /** Stopped before the end; the next build starts over. */
  | { readonly outcome: 'stopped' };

/**
 * Builds the tables of a version from the first event, beside those in use, which go on as if nothing happened. From
 * then on the projector follows the log into both. A build that dies leaves nothing that anybody reads.
 *
 * @throws VersionRefused when the version is there already, or another build of it runs
 * @throws LogUnavailable, ReadStoreUnavailable
 */
export async function buildVersion(options: BuildOptions): Promise<Built> {
  const { url, logger, projection } = options;
  const applicationName = `docket-build-${randomUUID()}`;
  const store = openReadStore({
    url,
    poolMax: 2,
    timeoutMs: STATEMENT_TIMEOUT_MS,
    log: logger,
    applicationName,
  });
  const target = { ...projection.target, underConstruction: true };
  try {
    await refuseExisting(store, target);
    const fencingEpoch = await takeLease(store, target, `build-${randomUUID()}`, BUILD_LEASE_TTL_MS);
    if (fencingEpoch === null) throw new VersionRefused('Another build of this version is running.');
    try {
      const { stop } = options;
      return await cancelling({ url, applicationName, stop }, () =>
        buildIn(store, target, fencingEpoch, options),
      );
    } catch (error) {
      if (!options.stop.aborted) throw error;
      return { outcome: 'stopped' };
    } finally {
      await releaseLease(store, target, fencingEpoch);
    }
  } finally {
    await store.close();
  }
}

async function refuseExisting(store: ReadStore, { ledger, version }: ProjectionTarget): Promise<void> {
  const known = (await ledgerVersions(store)).find(
    (each) => each.name === ledger && each.version === version,
  );
  if (!known || known.builtAt === null) return;
  const advice = known.isCurrent
    ? `it is in use; \`docket projection rebuild ${ledger}\` builds it again in its place`
    : `\`docket projection drop ${ledger} ${version}\` removes it`;
  throw new VersionRefused(`Version ${version} of projection ${ledger} is there already: ${advice}.`);
}

async function buildIn(
  store: ReadStore,
  target: ProjectionTarget,
  fencingEpoch: bigint,
  options: BuildOptions,
): Promise<Built> {
  const { projection, stop } = options;
  await startOver(store, projection, target);
  if (!(await fill(store, target, fencingEpoch, options))) await startOver(store, projection, target);
  await writeFromLog(store, target, fencingEpoch, options);
  if (stop.aborted) return { outcome: 'stopped' };
  await finishTables(store, projection, target.schema);
  const built = await writeFromLog(store, target, fencingEpoch, options);
  if (stop.aborted) return { outcome: 'stopped' };
  await store.query('update docket.projections set built_at = now() where name = $1 and version = $2', [
    target.ledger,
    target.version,
  ]);
  return { outcome: 'built', ...built };
}

/** As `bulkFill`. */
function fill(
  store: ReadStore,
  target: ProjectionTarget,
  fencingEpoch: bigint,
  { projection, log, stop, onProgress }: BuildOptions,
): Promise<boolean> {
  let count = 0;
  return bulkFill({
    log,
    store,
    tables: [{ projection, target, fencingEpoch }],
    isStopped: () => stop.aborted,
    onBatch: (through, events) => onProgress(through, (count += events)),
  });
}

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

/** Writes what the log has beyond the checkpoint; a writer whose rows were refused is opened again behind them. */
async function writeFromLog(
  store: ReadStore,
  target: ProjectionTarget,
  fencingEpoch: bigint,
  { projection, log, logger, stop, onProgress }: BuildOptions,
): Promise<{ position: bigint; heldStreams: number }> {
  const readMissing = (stream: string, from: bigint) => log.readStream(stream, from);
  let events = 0;
  for (;;) {
    const writer = await projection.openWriter({ store, target, fencingEpoch, readMissing });
    const counting: typeof writer = {
      ...writer,
      apply: async (batch, through) => {
        const applied = await writer.apply(batch, through);
        events += applied.events;
        return applied;
      },
    };
    try {
      await catchUp(
        log,
        counting,
        (through) => onProgress(through, events),
        () => stop.aborted,
      );
      return { position: writer.checkpoint() ?? 0n, heldStreams: writer.heldStreams().size };
    } catch (error) {
      if (!(error instanceof RowsRefused)) throw error;
      logger.error({ err: error, streams: error.streams }, 'streams went into quarantine during the build');
    }
  }
}
