import type { ReadStore } from '../../read-store/pool.ts';
import { CodedError } from '../../schemas/errors/coded-error.ts';
import type { ScanMarks, ScanName } from './scans.ts';

/** Length of the lease. It is longer than the work on one file: an append, and a deletion in S3 with its retries. */
export const RETENTION_LEASE_MS = 120_000;
/** Time between the ends of two full runs. */
const RUN_EVERY_HOURS = 24;

/** Another processor runs retention now, so this processor must stop. */
export class RetentionLost extends CodedError {
  readonly code = 'RETENTION_LOST';
  override readonly retryable = true;

  constructor(epoch: bigint) {
    super(`Retention is no longer run under epoch ${epoch.toString()}.`);
  }
}

export interface RetentionGrant {
  readonly epoch: bigint;
  /** True when a day has passed since the last full run. */
  readonly isDue: boolean;
  readonly marks: ReadonlyMap<string, bigint>;
}

/**
 * The lease of retention: one row with an epoch, by the clock of Postgres. It only prevents double work. Even two
 * runs at the same time remove only files that their jobs' streams release.
 */
export interface RetentionLease {
  /**
   * Takes or keeps the lease; null while another worker has it.
   * @throws ReadStoreUnavailable
   */
  hold(workerId: string): Promise<RetentionGrant | null>;
  /**
   * Renews the lease, and stores the position up to which a scan has decided about all files.
   * @throws RetentionLost, ReadStoreUnavailable
   */
  keep(epoch: bigint, scan: ScanName | null, position: bigint | null): Promise<void>;
  /**
   * Records the end of a full run.
   * @throws RetentionLost, ReadStoreUnavailable
   */
  ran(epoch: bigint): Promise<void>;
  drop(workerId: string): Promise<void>;
}

/** $1 worker, $2 ms, $3 hours, $4 ms of silence. Inserts the row if it does not exist. */
const HOLD = `
insert into processor.retention as held (name, holder, epoch, held_until)
values ('retention', $1, 1, now() + $2 * interval '1 ms')
on conflict (name) do update set
  epoch = case when held.holder = $1 then held.epoch else held.epoch + 1 end,
  holder = $1,
  held_until = excluded.held_until
where held.holder is null or held.holder = $1 or held.held_until < now()
  or not exists (select from processor.processors alive
    where alive.worker_id = held.holder and alive.beat_at > now() - $4 * interval '1 ms')
returning epoch, marks, coalesce(ran_at < now() - $3 * interval '1 hour', true) as is_due`;

/** Renews the lease and stores a mark. $1 epoch, $2 ms, $3 scan or null, $4 position or null. */
const KEEP = `
update processor.retention set
  held_until = now() + $2 * interval '1 ms',
  marks = case when $3::text is null or $4::text is null then marks
    else marks || jsonb_build_object($3::text, $4::text) end
where name = 'retention' and epoch = $1 and holder is not null`;

const RAN = `update processor.retention set ran_at = now() where name = 'retention' and epoch = $1`;
const DROP = `update processor.retention set holder = null, held_until = null where holder = $1`;

/**
 * Makes the lease of the retention worker. Another worker can take the lease from a killed worker within seconds. If
 * the old holder was only slow, the epoch refuses its writes.
 * @param silentMs a holder without a heartbeat for this time loses the lease
 */
export function retentionLease(store: ReadStore, silentMs: number): RetentionLease {
  return {
    hold: async (workerId) => {
      const { rows } = await store.query<{ epoch: string; marks: Record<string, string>; is_due: boolean }>(
        HOLD,
        [workerId, RETENTION_LEASE_MS, RUN_EVERY_HOURS, silentMs],
      );
      const [held] = rows;
      if (held === undefined) return null;
      const marks = new Map(Object.entries(held.marks).map(([scan, text]) => [scan, BigInt(text)]));
      return { epoch: BigInt(held.epoch), isDue: held.is_due, marks };
    },
    keep: async (epoch, scan, position) => {
      const values = [epoch.toString(), RETENTION_LEASE_MS, scan, position?.toString() ?? null];
      if ((await store.query(KEEP, values)).rowCount !== 1) throw new RetentionLost(epoch);
    },
    ran: async (epoch) => {
      if ((await store.query(RAN, [epoch.toString()])).rowCount !== 1) throw new RetentionLost(epoch);
    },
    drop: async (workerId) => void (await store.query(DROP, [workerId])),
  };
}

/** The marks of a grant. Each update renews the lease, and `stop` ends the scan between two files. */
export function marksUnder(lease: RetentionLease, grant: RetentionGrant, stop: AbortSignal): ScanMarks {
  return {
    markOf: (scan) => grant.marks.get(scan) ?? 'start',
    keep: async (scan, position) => {
      stop.throwIfAborted();
      await lease.keep(grant.epoch, scan, position);
    },
  };
}
