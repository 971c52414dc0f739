import { Counter, Gauge, type Metrics } from '../../runtime/metrics/metrics.ts';

/**
 * Metrics of `docket.quarantine`. The label is the projection's name, or `work-list`, so the set of values is bounded.
 */
export interface QuarantineMetrics {
  readonly quarantinedEvents: Counter<'projection'>;
  readonly heldStreams: Gauge<'projection'>;
}

const known = new WeakMap<Metrics, QuarantineMetrics>();

/** The two metrics of quarantine. The projector and the processor of one process share them in one registry. */
export function quarantineMetrics(registry: Metrics): QuarantineMetrics {
  const present = known.get(registry);
  if (present) return present;
  const registers = [registry];
  const labelNames = ['projection'] as const;
  const made: QuarantineMetrics = {
    quarantinedEvents: new Counter({
      name: 'docket_projection_quarantined_events_total',
      help: 'Events that could not be applied; alert on any',
      labelNames,
      registers,
    }),
    heldStreams: new Gauge({
      name: 'docket_projection_held_streams',
      help: 'Streams that wait behind an event in quarantine; alert above 0',
      labelNames,
      registers,
    }),
  };
  known.set(registry, made);
  return made;
}
