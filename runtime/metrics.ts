import { collectDefaultMetrics, Registry } from 'prom-client';

export { Counter, Gauge, Histogram } from 'prom-client';
export type Metrics = Registry;

/**
 * The interval at which the delay of the event loop is measured. The library's default of 10 ms wakes an idle process a
 * hundred times a second, and wakes are nearly all that an idle process costs.
 */
export const EVENT_LOOP_LOOK_EVERY_MS = 1_000;

/**
 * Creates the metrics registry of a process. Names are `docket_<thing>_<unit>`. Labels come from bounded sets, never
 * from ids or file names.
 */
export function createMetrics(options: { defaults: boolean } = { defaults: true }): Metrics {
  const registry = new Registry();
  if (options.defaults)
    collectDefaultMetrics({
      register: registry,
      prefix: 'docket_',
      eventLoopMonitoringPrecision: EVENT_LOOP_LOOK_EVERY_MS,
    });
  return registry;
}
