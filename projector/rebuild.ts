import type { ProjectionTarget } from '../read-store/projection-engine/projection-definition.ts';
import { CodedError } from '../schemas/errors/coded-error.ts';
import type { RegisteredProjection } from './registry.ts';
import { buildTables, type BuildParts, type Written } from './versions/build-tables.ts';
import type { Filled } from './versions/bulk-fill.ts';
import { builtVersion, rebuildNumber, VersionRefused } from './versions/ledger.ts';
import { replaceTables } from './versions/switch.ts';

/** Limit of rounds in which a rebuild catches up with a projector that continues to write. */
const CATCH_UP_ROUNDS_MAX = 50;

export interface RebuildOptions extends Pick<BuildParts, 'log' | 'url' | 'logger' | 'heldRowsMax'> {
  /** The projections to rebuild. One read of the log serves all of them. */
  readonly projections: readonly RegisteredProjection[];
  /** See `BuildParts`. */
  readonly onProgress?: BuildParts['onProgress'];
  /** Ends the rebuild at once, even during a long statement. The tables in use stay in use. */
  readonly stop?: AbortSignal;
}

/**
 * Builds the tables of projections again from the first event, beside the tables in use. It is a build of the same
 * version under another number, followed by a switch. When a built table has reached the position of the table in
 * use, one transaction replaces the old table by the new table. Readers and the projector continue meanwhile. Nothing
 * outside the read store changes. A rebuild that is stopped or fails removes its own tables. The tables of a killed
 * rebuild stay, and the next rebuild starts over.
 * @returns the outcome of each projection, in the order of `projections`
 * @throws RebuildRunning, RebuildBehind, VersionRefused for a version that is not built, LogUnavailable,
 * ReadStoreUnavailable, the reason of `stop`
 */
export async function rebuildProjections(options: RebuildOptions): Promise<readonly Written[]> {
  const { projections, stop = new AbortController().signal, onProgress = () => undefined } = options;
  const { log, url, logger, heldRowsMax } = options;
  const alreadyRunning = (projection: string) => new RebuildRunning(projection);
  const wanted = projections.map((projection) => ({ projection, target: besideOf(projection) }));
  for (const { name, target } of projections)
    if (!(await builtVersion({ url, logger }, target)))
      throw new VersionRefused(
        `Version ${target.version} of projection ${name} is not built: \`docket projection build ${name}\`.`,
      );
  const parts = { log, url, logger, heldRowsMax, stop, onProgress, alreadyRunning };
  return buildTables(wanted, parts, async ({ store, tables, writeRest }) => {
    const done = new Map<Filled, Written>();
    for (let round = 1; round <= CATCH_UP_ROUNDS_MAX; round += 1) {
      const open = tables.filter((each) => !done.has(each));
      const written = await writeRest(open);
      for (const [index, each] of open.entries())
        if (await replaceTables(store, each)) done.set(each, written[index]!);
      if (done.size === tables.length) return tables.map((each) => done.get(each)!);
    }
    throw new RebuildBehind();
  });
}

/** The tables under construction. They have their own number until they replace the tables in use. */
function besideOf({ target }: RegisteredProjection): ProjectionTarget {
  return {
    ledger: target.ledger,
    version: rebuildNumber(target.version),
    schema: `${target.schema}_rebuild`,
    underConstruction: true,
  };
}

/** Another rebuild holds the lease. */
export class RebuildRunning extends CodedError {
  readonly code = 'REBUILD_RUNNING';
  override readonly retryable = true;

  constructor(projection: string) {
    super(`A rebuild of projection ${projection} is already running.`);
  }
}

/** The projector was ahead of the rebuild after every round. */
export class RebuildBehind extends CodedError {
  readonly code = 'REBUILD_BEHIND';
  override readonly retryable = true;

  constructor() {
    super('The rebuild did not catch up with the tables in use; run it again at a quieter time.');
  }
}
