import type { Queryable } from '../../read-store/pool.ts';
import { CodedError } from '../../schemas/coded-error.ts';

/** A version of a projection as the ledger has it. */
export interface LedgerVersion {
  readonly name: string;
  readonly version: number;
  readonly isCurrent: boolean;
  /** Null while its tables are being built. */
  readonly builtAt: Date | null;
  /** When readers were last switched away from it. */
  readonly leftAt: Date | null;
  /** Null before its first batch. */
  readonly position: bigint | null;
  readonly heldStreams: number;
}

/** Every version there are tables of, by name and version. */
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

/** What an operator asked of a version cannot be done; the message says why and what to do. */
export class VersionRefused extends CodedError {
  readonly code = 'VERSION_REFUSED';
  readonly retryable = false;

  constructor(message: string) {
    super(message);
  }
}
