import { ReadStoreUnavailable } from '../../read-store/read-store-errors.ts';
import {
  RetentionLost,
  type RetentionGrant,
  type RetentionLease,
} from '../../processor/retention/retention-lease.ts';
import { ask } from '../engine/network.ts';
import type { Life, World } from '../engine/world.ts';

const TIMEOUT_MS = 400;
/**
 * Replaces the product's two minutes and one day, so that the holder of the lease changes often and runs are
 * frequent.
 */
const LEASE_MS = 5_000;
const RUN_EVERY_MS = 1_500;

/** The row of `processor.retention`. Each method is one transaction with the rules of the product's SQL. */
export interface RetentionServer {
  hold(workerId: string): RetentionGrant | null;
  keep(epoch: bigint, scan: string | null, position: bigint | null): void;
  ran(epoch: bigint): void;
  drop(workerId: string): void;
  /** Deletes the marks, because they belong to another log. */
  forget(): void;
}

export function createRetentionServer(world: World): RetentionServer {
  const marks = new Map<string, bigint>();
  let epoch = 0n;
  let holder = null as string | null;
  let heldUntilMs = 0;
  let ranAtMs = null as number | null;
  const assertHeld = (asked: bigint): void => {
    if (asked !== epoch || holder === null) throw new RetentionLost(asked);
  };
  return {
    hold: (workerId) => {
      if (holder !== null && holder !== workerId && heldUntilMs >= world.nowMs()) return null;
      if (holder !== workerId) epoch += 1n;
      holder = workerId;
      heldUntilMs = world.nowMs() + LEASE_MS;
      const isDue = ranAtMs === null || ranAtMs < world.nowMs() - RUN_EVERY_MS;
      return { epoch, isDue, marks: new Map(marks) };
    },
    keep: (asked, scan, position) => {
      assertHeld(asked);
      heldUntilMs = world.nowMs() + LEASE_MS;
      if (scan !== null && position !== null) marks.set(scan, position);
    },
    ran: (asked) => {
      if (asked !== epoch) throw new RetentionLost(asked);
      ranAtMs = world.nowMs();
    },
    drop: (workerId) => {
      if (holder === workerId) holder = null;
    },
    forget: () => {
      marks.clear();
      epoch = epoch + 1n;
      holder = null;
    },
  };
}

/** The lease of retention for one run of a process. */
export function simulatedRetentionLease(world: World, life: Life, server: RetentionServer): RetentionLease {
  const asking = <T>(what: string, effect: () => T, { changes } = { changes: true }): Promise<T> => {
    const unavailable = (): Error => new ReadStoreUnavailable('no answer in time');
    return ask(world, life, {
      what: `retention: ${what}`,
      changes,
      effect,
      timeoutMs: TIMEOUT_MS,
      unavailable,
    });
  };
  return {
    hold: (workerId) => asking('hold', () => server.hold(workerId), { changes: false }),
    keep: (epoch, scan, position) =>
      asking(`keep ${scan ?? 'on'} ${position ?? ''}`, () => server.keep(epoch, scan, position), {
        changes: scan !== null,
      }),
    ran: (epoch) => asking('has run', () => server.ran(epoch)),
    drop: (workerId) => asking('drop', () => server.drop(workerId)),
  };
}
