import { randomUUID } from 'node:crypto';
import type { LogReader } from '../event-store/event-log.ts';
import { migrateReadTables } from '../read-tables/migrate.ts';
import type { ReadStore } from '../read-store/pool.ts';
import type { Log } from '../runtime/log/log.ts';
import type { Metrics } from '../runtime/metrics/metrics.ts';
import { type Service, waitingList } from '../runtime/service.ts';
import type { Settings } from '../schemas/settings/config.ts';
import { projectorMetrics } from './following/projector-metrics.ts';
import { createPositionNotices, POSITION_CHANNEL, UNTOLD } from './following/position-notices.ts';
import { projectorBeat } from './following/projector-beat.ts';
import { PROJECTIONS, type RegisteredProjection } from './registry.ts';
import { JOBS_TARGET } from './targets.ts';
import { followVersions } from './versions/follow.ts';
import type { WaitingFor } from './following/projection-session.ts';

/** The projector's reason for waiting, in words. */
const WHY: Readonly<Record<NonNullable<WaitingFor>, string>> = {
  'read store': 'The projector cannot write the read tables.',
  'event store': 'The projector cannot follow the log.',
  'projection lease': 'Another projector holds the lease; this one stands by.',
  'catching up': 'The read tables are being brought up to the end of the log.',
  'rebuild from the log': 'The log was replaced: the read tables are being built again from it.',
};

export interface ProjectorOptions {
  /** A reader only, so that a rebuild cannot cause a side effect (promise 10). */
  readonly log: LogReader;
  readonly store: ReadStore;
  readonly settings: Settings;
  readonly logger: Log;
  readonly metrics: Metrics;
  /** The default is every projection; tests pass other projections. */
  readonly projections?: readonly RegisteredProjection[];
}

/**
 * Starts the service that keeps the read tables equal to the log. It resolves at once, even if a server is away. It
 * waits while Postgres or the event store is away, and readiness names the cause. A second projector waits for the
 * lease.
 */
export async function startProjector(options: ProjectorOptions): Promise<Service> {
  const { log, store, logger } = options;
  const metrics = projectorMetrics(options.metrics);
  const notices = createPositionNotices(
    (position) => store.query('select pg_notify($1, $2)', [POSITION_CHANNEL, position.toString()]),
    () => metrics.noticesLost.inc({ projection: JOBS_TARGET.ledger }),
  );
  // The first projector that starts migrates the schema.
  let migrating: Promise<unknown> | null = null;
  const prepare = () =>
    (migrating ??= migrateReadTables(store.url).catch((error: unknown) => {
      migrating = null;
      throw error;
    }));
  const beat = projectorBeat(store);
  const holder = `${process.pid}-${randomUUID()}`;
  const versions = followVersions({
    store,
    logger,
    beat,
    prepare,
    projections: options.projections ?? PROJECTIONS,
    run: (registered) =>
      registered.run(
        { log, store, logger, metrics, beat, notices: registered.isQueue ? notices : UNTOLD, holder },
        prepare,
      ),
  });
  const sinceNoted = waitingList();
  return {
    name: 'projector',
    readiness: () => {
      const waiting = [...new Set(versions.waitingFor())].filter((each) => each !== null);
      // A standby is ready, because standing by is all of its work.
      const ready = waiting.every((each) => each === 'projection lease');
      return {
        ready,
        waitingFor: sinceNoted(waiting.map((dependency) => ({ dependency, why: WHY[dependency] }))),
      };
    },
    stop: async () => {
      await versions.stop();
      await notices.stop();
    },
  };
}
