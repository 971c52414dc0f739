import type { Queryable } from '../pool.ts';
import type { ProjectionTarget } from './projection-definition.ts';

/**
 * A standby takes over from a writer that is silent for this long. The time may be short, because fencing stops the
 * old writer.
 */
export const LEASE_TTL_MS = 3_000;
/**
 * An operator's command seizes a lease for this time and does not renew it. The time is long enough for the command.
 * If the command dies, the projector does not wait long.
 */
const SEIZED_TTL_MS = 15_000;
/** The interval at which the holder renews the lease, and at which a standby checks the lease. */
export const LEASE_BEAT_MS = 1_000;

/**
 * Takes the lease if it is free, expired or already this holder's. Returns the fencing epoch; null when another
 * holder has it. Every taking raises the epoch, so that the previous holder can no longer commit a batch. The clock
 * of Postgres counts.
 */
export async function takeLease(
  on: Queryable,
  target: ProjectionTarget,
  holder: string,
  ttlMs: number = LEASE_TTL_MS,
): Promise<bigint | null> {
  const { rows } = await on.query<{ fencing_epoch: string }>(
    `insert into docket.projection_leases as held (projection, version, holder, fencing_epoch, held_until)
     values ($1, $2, $3, 1, now() + $4 * interval '1 ms')
     on conflict (projection, version) do update
     set holder = excluded.holder, fencing_epoch = held.fencing_epoch + 1, held_until = excluded.held_until
     where held.held_until < now() or held.holder = excluded.holder
     returning fencing_epoch`,
    [target.ledger, target.version, holder, ttlMs],
  );
  return rows[0] ? BigInt(rows[0].fencing_epoch) : null;
}

/** Takes the lease from any holder, for an operator's command. The fencing epoch stops the previous holder. */
export async function seizeLease(
  on: Queryable,
  target: ProjectionTarget,
  holder: string,
  ttlMs: number = SEIZED_TTL_MS,
): Promise<bigint> {
  const { rows } = await on.query<{ fencing_epoch: string }>(
    `insert into docket.projection_leases as held (projection, version, holder, fencing_epoch, held_until)
     values ($1, $2, $3, 1, now() + $4 * interval '1 ms')
     on conflict (projection, version) do update
     set holder = excluded.holder, fencing_epoch = held.fencing_epoch + 1, held_until = excluded.held_until
     returning fencing_epoch`,
    [target.ledger, target.version, holder, ttlMs],
  );
  return BigInt(rows[0]!.fencing_epoch);
}

/** Renews the lease. Returns false when another holder has taken it. */
export async function renewLease(
  on: Queryable,
  target: ProjectionTarget,
  fencingEpoch: bigint,
  ttlMs: number = LEASE_TTL_MS,
): Promise<boolean> {
  const { rowCount } = await on.query(
    `update docket.projection_leases set held_until = now() + $4 * interval '1 ms'
     where projection = $1 and version = $2 and fencing_epoch = $3`,
    [target.ledger, target.version, fencingEpoch.toString(), ttlMs],
  );
  return rowCount === 1;
}

/** Releases the lease, so that a standby need not wait for its expiry. */
export async function releaseLease(
  on: Queryable,
  target: ProjectionTarget,
  fencingEpoch: bigint,
): Promise<void> {
  await renewLease(on, target, fencingEpoch, -1);
}
