import { openReadStore, type Queryable } from '../../read-store/pool.ts';
import type { ProjectionTarget } from '../../read-store/projection-engine/projection-definition.ts';
import type { Log } from '../../runtime/log/log.ts';
import { CodedError } from '../../schemas/errors/coded-error.ts';

/** Time limit for reading the ledger, which has few rows. */
const LOOK_TIMEOUT_MS = 10_000;

/**
 * The number under which the tables of a version are built again. No version has this number, and a rebuild always
 * uses the same number. So the next rebuild finds the tables that a killed rebuild left.
 */
export function rebuildNumber(version: number): number {
  return -version;
}

/** An entry of the ledger: a version of a projection. */
export interface LedgerVersion {
  readonly name: string;
  /** Below 0 for a version that is being built again; see `rebuildNumber`. */
  readonly version: number;
  readonly isCurrent: boolean;
  /** Null while the tables are being built. */
  readonly builtAt: Date | null;
  /** The time at which readers were last switched away from this version. */
  readonly leftAt: Date | null;
  /** Null before the first batch. */
  readonly position: bigint | null;
  readonly heldStreams: number;
}

/** Every version with tables, by name and version. */
export async function ledgerVersions(on: Queryable): Promise<LedgerVersion[]> {
  const { rows } = await on.query<{
    name: string;
    version: number;
    is_current: boolean;
    built_at: Date | null;
    left_at: Date | null;
    position: string | null;
    held: string;
  }>(
    `select p.name, p.version, p.is_current, p.built_at, p.left_at, c.commit_position as position,
       (select count(*) from docket.quarantine q where q.projection = p.name and q.version = p.version) as held
     from docket.projections p
     left join docket.checkpoints c on c.projection = p.name and c.version = p.version
     order by p.name, p.version`,
  );
  return rows.map((row) => ({
    name: row.name,
    version: row.version,
    isCurrent: row.is_current,
    builtAt: row.built_at,
    leftAt: row.left_at,
    position: row.position === null ? null : BigInt(row.position),
    heldStreams: Number(row.held),
  }));
}

/**
 * A version whose tables are built, or undefined.
 * @throws ReadStoreUnavailable
 */
export async function builtVersion(
  { url, logger }: { readonly url: string; readonly logger: Log },
  { ledger, version }: Pick<ProjectionTarget, 'ledger' | 'version'>,
): Promise<LedgerVersion | undefined> {
  const store = openReadStore({ url, poolMax: 1, timeoutMs: LOOK_TIMEOUT_MS, log: logger });
  const versions = await ledgerVersions(store).finally(() => store.close());
  return versions.find((each) => each.name === ledger && each.version === version && each.builtAt !== null);
}

/** An operator's request about a version cannot be done. The message states the reason and the remedy. */
export class VersionRefused extends CodedError {
  readonly code = 'VERSION_REFUSED';
}
