import { collectDefaultMetrics, Registry } from 'prom-client';

export { Counter, Gauge, Histogram } from 'prom-client';
export type Metrics = Registry;

/**
 * How often the delay of the event loop is looked at. The library's own 10 ms wake an idle process a hundred times a
 * second. A blocked loop that people feel blocks for longer than this.
 */
export const EVENT_LOOP_LOOK_EVERY_MS = 100;

/** One registry a process. Names are `docket_<thing>_<unit>`; labels are bounded sets, never ids or file names. */
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
