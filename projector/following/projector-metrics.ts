import {
  quarantineMetrics,
  type QuarantineMetrics,
} from '../../read-store/projection-engine/quarantine-metrics.ts';
import { Counter, Gauge, Histogram, type Metrics } from '../../runtime/metrics/metrics.ts';

/** The metrics of a projector. The label is the projection's name, so the set of values is bounded. */
export interface ProjectorMetrics extends QuarantineMetrics {
  readonly events: Counter<'projection'>;
  readonly batchSeconds: Histogram<'projection'>;
  readonly position: Gauge<'projection'>;
  readonly restarts: Counter<'projection' | 'code'>;
  readonly noticesLost: Counter<'projection'>;
}

export function projectorMetrics(registry: Metrics): ProjectorMetrics {
  const registers = [registry];
  const labelNames = ['projection'] as const;
  return {
    ...quarantineMetrics(registry),
    events: new Counter({
      name: 'docket_projection_events_total',
      help: 'Events folded into the read tables',
      labelNames,
      registers,
    }),
    batchSeconds: new Histogram({
      name: 'docket_projection_batch_seconds',
      help: 'Time from a full batch to its commit',
      labelNames,
      registers,
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    }),
    position: new Gauge({
      name: 'docket_projection_position',
      help: 'Commit position of the log up to which the read tables are written',
      labelNames,
      registers,
    }),
    restarts: new Counter({
      name: 'docket_projection_restarts_total',
      help: 'Restarts of a projection from its checkpoint, by the code of the error',
      labelNames: ['projection', 'code'],
      registers,
    }),
    noticesLost: new Counter({
      name: 'docket_projection_notices_lost_total',
      help: 'NOTIFYs of the position that could not be sent',
      labelNames,
      registers,
    }),
  };
}
