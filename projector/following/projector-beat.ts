import { LEASE_BEAT_MS, LEASE_TTL_MS, releaseLease } from '../../read-store/projection-engine/lease.ts';
import { CheckpointMoved } from '../../read-store/projection-engine/projection-errors.ts';
import type { ProjectionTarget } from '../../read-store/projection-engine/projection-definition.ts';
import type { ReadStore } from '../../read-store/pool.ts';
import { untilTick } from '../../runtime/process-tick.ts';

/** The pause between two beats after `quietAfterMs` without a written event (ADR 0210). */
const QUIET_BEAT_MS = 10_000;
/** Length of the lease that a quiet beat writes. After a crash in a quiet time, a standby takes over within this time. */
export const QUIET_LEASE_TTL_MS = 15_000;
const QUIET_AFTER_MS = 60_000;

/** A version of a projection whose tables are built. */
export interface BuiltVersion {
  readonly name: string;
  readonly version: number;
}

export interface KeptLease {
  /** Rejects with CheckpointMoved when another holder has taken the lease, or with the error of a failed renewal. */
  readonly lost: Promise<never>;
  /** Ends the renewals and releases the lease, so that a standby need not wait for its expiry. */
  giveBack(): Promise<void>;
}

/** The regular requests of a projector to Postgres, in one statement for all of its projections. */
export interface ProjectorBeat {
  /** Renews the lease with each beat. */
  keep(target: ProjectionTarget, fencingEpoch: bigint): KeptLease;
  /** Records that events were written. The first call after a quiet time renews the leases for the short time. */
  worked(): void;
  /** Begins the beats. Each beat passes the built versions to `onBuilt`. */
  start(onBuilt: (built: readonly BuiltVersion[]) => void): void;
  stop(): void;
}

interface Held {
  readonly target: ProjectionTarget;
  readonly fencingEpoch: bigint;
  readonly lose: (why: unknown) => void;
}

/**
 * $1 ledgers, $2 versions, $3 fencing epochs, $4 ms. Returns a row for each renewed lease and for each built version.
 */
const BEAT = `
with renewed as (
  update docket.projection_leases lease set held_until = now() + $4 * interval '1 ms'
  from unnest($1::text[], $2::int[], $3::bigint[]) as held(projection, version, fencing_epoch)
  where lease.projection = held.projection and lease.version = held.version
    and lease.fencing_epoch = held.fencing_epoch
  returning lease.projection, lease.version, lease.fencing_epoch
)
select projection as name, version, fencing_epoch::text as epoch from renewed
union all
select name, version, null from docket.projections where built_at is not null`;

interface BeatRow extends BuiltVersion {
  readonly epoch: string | null;
}

/**
 * Renews the leases every second. After `quietAfterMs` without a written event it renews them seldom, for a longer time.
 * Reports at each beat which versions are built.
 */
export function projectorBeat(
  store: Pick<ReadStore, 'query' | 'prepared'>,
  quietAfterMs: number = QUIET_AFTER_MS,
): ProjectorBeat {
  const held = new Set<Held>();
  let workedAtMs = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let tell: ((built: readonly BuiltVersion[]) => void) | null = null;
  /** True when the last beat renewed the leases for the longer time. */
  let isQuiet = false;

  const beat = async (onBuilt: (built: readonly BuiltVersion[]) => void): Promise<void> => {
    const asked = [...held];
    const values = [
      asked.map(({ target }) => target.ledger),
      asked.map(({ target }) => target.version),
      asked.map(({ fencingEpoch }) => fencingEpoch.toString()),
      isQuiet ? QUIET_LEASE_TTL_MS : LEASE_TTL_MS,
    ];
    const answer = await store.prepared<BeatRow>(BEAT, values).catch((error: unknown) => {
      for (const { lose } of asked) lose(error);
    });
    if (answer === undefined) return;
    const renewed = answer.rows.filter(({ epoch }) => epoch !== null);
    for (const { target, fencingEpoch, lose } of asked) {
      const { ledger, version } = target;
      const isKept = renewed.some(
        (row) => row.name === ledger && row.version === version && row.epoch === fencingEpoch.toString(),
      );
      if (!isKept) lose(new CheckpointMoved(ledger, version));
    }
    onBuilt(answer.rows.filter(({ epoch }) => epoch === null));
  };

  const next = (): void => {
    timer = setTimeout(onBeat, untilTick(isQuiet ? QUIET_BEAT_MS : LEASE_BEAT_MS));
  };
  const onBeat = (): void => {
    if (tell === null) return;
    isQuiet = performance.now() - workedAtMs >= quietAfterMs;
    next();
    void beat(tell);
  };
  /** Ends a quiet time: the leases last for the short time again. */
  const wake = (): void => {
    workedAtMs = performance.now();
    if (!isQuiet) return;
    clearTimeout(timer);
    onBeat();
  };

  return {
    keep: (target, fencingEpoch) => {
      const { promise: lost, reject: lose } = Promise.withResolvers<never>();
      lost.catch(() => undefined);
      const own: Held = { target, fencingEpoch, lose };
      held.add(own);
      // A new lease lasts for the short time, so a beat must come soon.
      wake();
      return {
        lost,
        giveBack: async () => {
          held.delete(own);
          // When Postgres does not answer, the lease expires by itself.
          await releaseLease(store, target, fencingEpoch).catch(() => undefined);
        },
      };
    },
    worked: wake,
    start: (onBuilt) => {
      if (tell === null) next();
      tell = onBuilt;
    },
    stop: () => {
      tell = null;
      clearTimeout(timer);
    },
  };
}
