import { runCleanup } from '../../processor/retention/cleanup.ts';
import { tallyCleanup } from '../../processor/retention/cleanup-report.ts';
import { keepingDecider, keepingPolicyOf } from '../../processor/retention/kept-job.ts';
import { retentionMetrics } from '../../processor/retention/retention-metrics.ts';
import { retentionRole } from '../../processor/retention/retention-role.ts';
import { createMetrics } from '../../runtime/metrics/metrics.ts';
import type { Settings } from '../../schemas/settings/config.ts';
import type { RetentionParts } from '../composition.ts';
import type { Life } from '../engine/world.ts';
import { silentLog, type Installation } from '../installation.ts';
import { simulatedBlobs } from '../ports/blob-store.ts';
import { simulatedLog } from '../ports/event-log.ts';
import { simulatedRetentionLease } from '../ports/retention-lease.ts';

const TEND_EVERY_MS = 800;
/** Replaces the product's one hour. It is longer than any upload or attempt. */
const ORPHAN_AGE_MS = 60_000;
const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;
const idle = retentionMetrics(createMetrics({ defaults: false }));

export type RetentionSettings = Pick<
  Settings,
  'PDF_TTL_DAYS' | 'XML_TTL_DAYS' | 'DELETE_XML_ON_FIRST_DOWNLOAD'
>;

/**
 * Draws the keeping time of files in one world. The time ranges from less than one upload to more than the whole
 * world.
 */
export function drawRetention({ world: { random } }: Installation): RetentionSettings {
  return {
    PDF_TTL_DAYS: random.pick([500, 6_000, 600_000]) / DAY_MS,
    XML_TTL_DAYS: random.pick([1_500, 8_000, 600_000]) / DAY_MS,
    DELETE_XML_ON_FIRST_DOWNLOAD: random.chance(0.3),
  };
}

/** True when no file reaches the end of its keeping time within the world. */
export function keepsAll(settings: RetentionSettings): boolean {
  return (
    settings.PDF_TTL_DAYS === 600_000 / DAY_MS &&
    settings.XML_TTL_DAYS === 600_000 / DAY_MS &&
    !settings.DELETE_XML_ON_FIRST_DOWNLOAD
  );
}

/** Starts the product's retention on simulated ports. The holder of the lease runs the scans and removes orphans. */
export function bootRetention(installation: Installation, life: Life, settings: RetentionSettings): void {
  const { world } = installation;
  const role = retentionRole({
    ...partsOf(installation, life),
    settings,
    orphanAgeMs: ORPHAN_AGE_MS,
    metrics: idle,
    logger: silentLog,
    lease: simulatedRetentionLease(world, life, installation.retention),
    processorId: life.name,
    workerId: life.name,
  });
  const again = async (): Promise<void> => {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, TEND_EVERY_MS * (0.5 + world.random.next())));
      try {
        await role.tend();
      } catch (error) {
        world.trace.say(life.name, () => `retention breaks off: ${(error as Error).message}`);
      }
    }
  };
  void again();
}

/**
 * Runs retention once over everything, as `docket cleanup` does, with clocks at which every orphan is old enough.
 * @param overdue true sets the clocks so that the keeping time of every file is over; false so that no keeping time
 * is over
 */
export async function sweepAll(installation: Installation, life: Life, overdue: boolean): Promise<void> {
  const parts = partsOf(installation, life);
  const policy = keepingPolicyOf({
    PDF_TTL_DAYS: overdue ? 0 : 36_500,
    XML_TTL_DAYS: overdue ? 0 : 36_500,
    DELETE_XML_ON_FIRST_DOWNLOAD: false,
  });
  await runCleanup({
    ...parts,
    policy,
    decider: keepingDecider(parts.decider, policy),
    logger: silentLog,
    actor: 'operator',
    dryRun: false,
    orphanAgeMs: -1,
    clock: { now: () => life.clock.now() + (overdue ? 2 * HOUR_MS : 0) },
    tally: tallyCleanup(() => undefined, { dryRun: false }),
    marks: { markOf: () => 'start', keep: () => Promise.resolve() },
    pause: () => Promise.resolve(),
  });
}

function partsOf(installation: Installation, life: Life): RetentionParts {
  const { world, composition, decider } = installation;
  const log = composition.log(
    simulatedLog(world, life, installation.log, composition.createRing),
    world.random,
  );
  const blobs = simulatedBlobs(world, life, installation.blobs);
  return composition.retention({ log, blobs, decider, clock: life.clock }, installation.tables);
}
