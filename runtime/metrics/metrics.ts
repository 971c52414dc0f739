import { collectDefaultMetrics, Registry } from 'prom-client';
import { EVENT_LOOP_DELAY_METRICS, measureEventLoopDelay } from './event-loop-delay.ts';

export { Counter, Gauge, Histogram } from 'prom-client';
export type Metrics = Registry;

/** The longest interval that Node takes, 24 days. So the measurement of prom-client, which nobody can end, never wakes. */
const NEVER_MS = 2 ** 31 - 1;

/**
 * Creates the metrics registry of a process. Names are `docket_<thing>_<unit>`. Labels come from bounded sets, never
 * from ids or file names.
 */
export function createMetrics(options: { defaults: boolean } = { defaults: true }): Metrics {
  const registry = new Registry();
  if (options.defaults) addProcessMetrics(registry, 'docket_');
  return registry;
}

/** Adds memory, processor time, open files, garbage collection and delay of the event loop. None wakes an idle process. */
export function addProcessMetrics(registry: Metrics, prefix: string): void {
  collectDefaultMetrics({ register: registry, prefix, eventLoopMonitoringPrecision: NEVER_MS });
  for (const name of EVENT_LOOP_DELAY_METRICS) registry.removeSingleMetric(prefix + name);
  measureEventLoopDelay({ registry, prefix });
}
