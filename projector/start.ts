import { randomUUID } from 'node:crypto';
import type { LogReader } from '../event-store/event-log.ts';
import { migrate } from '../read-store/migrate.ts';
import type { ReadStore } from '../read-store/pool.ts';
import type { ProjectionTarget } from '../read-store/projection-engine/projection.ts';
import { JOBS_V1_SCHEMA } from '../read-store/tables/jobs-v1.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Service } from '../runtime/service.ts';
import type { Settings } from '../schemas/config.ts';
import { jobsProjection } from './jobs/projection.ts';
import { projectorMetrics } from './metrics.ts';
import { createPositionNotices, POSITION_CHANNEL } from './position-notices.ts';
import { runProjection } from './run-projection.ts';

/** Where the current version of projection `jobs` is written. */
export const JOBS_TARGET: ProjectionTarget = {
  ledger: jobsProjection.name,
  version: jobsProjection.version,
  schema: JOBS_V1_SCHEMA,
  underConstruction: false,
};

export interface ProjectorOptions {
  /** Only the reading half: a rebuild must have nothing to cause a side effect with (promise 10). */
  readonly log: LogReader;
  readonly store: ReadStore;
  readonly settings: Settings;
  readonly logger: Log;
  readonly metrics: Metrics;
}

/**
 * Starts the service that keeps the read tables equal to the log. It resolves at once, whatever is away: outages of
 * Postgres and of the event store are waited out, and readiness names them. A second projector stands by.
 */
export async function startProjector(options: ProjectorOptions): Promise<Service> {
  const { log, store, logger } = options;
  const metrics = projectorMetrics(options.metrics);
  const notices = createPositionNotices(
    (position) => store.query('select pg_notify($1, $2)', [POSITION_CHANNEL, position.toString()]),
    () => metrics.noticesLost.inc({ projection: JOBS_TARGET.ledger }),
  );
  const jobs = runProjection(
    {
      ...{ log, store, logger, metrics, notices },
      projection: jobsProjection,
      target: JOBS_TARGET,
      holder: `${process.pid}-${randomUUID()}`,
    },
    () => migrate({ url: store.url }),
  );
  return {
    name: 'projector',
    readiness: () => {
      const waitingFor = jobs.waitingFor();
      // A standby does all that is asked of it.
      const ready = waitingFor === null || waitingFor === 'projection lease';
      return { ready, waitingFor: waitingFor === null ? [] : [waitingFor] };
    },
    stop: async () => {
      await jobs.stop();
      await notices.stop();
    },
  };
}
