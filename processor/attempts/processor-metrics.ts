import {
  quarantineMetrics,
  type QuarantineMetrics,
} from '../../read-store/projection-engine/quarantine-metrics.ts';
import { Counter, Gauge, Histogram, type Metrics } from '../../runtime/metrics/metrics.ts';

const GATE_STATES = ['closed', 'half-open', 'open'] as const;

export interface ProcessorMetrics extends QuarantineMetrics {
  /** Rows of the work list by place, by the feeder's last count. */
  readonly jobs: Gauge<'place'>;
  readonly running: Gauge;
  /** Number of calls to which the gateway has not answered for a long time. */
  readonly overdue: Gauge;
  /** Ended attempts by outcome: `succeeded`, a failure code, `abandoned`, `lease-lost`. */
  readonly attempts: Counter<'outcome'>;
  readonly attemptSeconds: Histogram<'outcome'>;
  readonly gatewaySeconds: Histogram;
  /** From the upload's event to the start of the first attempt. */
  readonly dispatchSeconds: Histogram;
  readonly abandonedLeases: Counter<'cause'>;
  setGate(state: (typeof GATE_STATES)[number]): void;
}

/** Registers the processor's metrics. The values of all labels come from bounded sets. */
export function processorMetrics(registry: Metrics): ProcessorMetrics {
  const registers = [registry];
  const gate = new Gauge({
    name: 'docket_processor_gateway_breaker',
    help: 'State of the circuit breaker: 1 for the state it is in',
    labelNames: ['state'],
    registers,
  });
  return {
    ...quarantineMetrics(registry),
    jobs: new Gauge({
      name: 'docket_processor_work_items',
      help: 'Jobs on the work list',
      labelNames: ['place'],
      registers,
    }),
    running: new Gauge({
      name: 'docket_processor_running_attempts',
      help: 'Attempts under way in this processor',
      registers,
    }),
    overdue: new Gauge({
      name: 'docket_processor_overdue_calls',
      help: 'Calls to the gateway that have had no answer for 5 s',
      registers,
    }),
    attempts: new Counter({
      name: 'docket_processor_attempts_total',
      help: 'Attempts that ended in this processor',
      labelNames: ['outcome'],
      registers,
    }),
    attemptSeconds: new Histogram({
      name: 'docket_processor_attempt_seconds',
      help: 'Length of an attempt, storage included',
      labelNames: ['outcome'],
      buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    }),
    gatewaySeconds: new Histogram({
      name: 'docket_processor_gateway_seconds',
      help: 'Time the gateway took for a result, by its own account',
      buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    }),
    dispatchSeconds: new Histogram({
      name: 'docket_processor_dispatch_seconds',
      help: 'Time from the accepted upload to the start of its first attempt',
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30, 120],
      registers,
    }),
    abandonedLeases: new Counter({
      name: 'docket_processor_abandoned_leases_total',
      help: 'Leases that the sweeper abandoned in the log for other workers',
      labelNames: ['cause'],
      registers,
    }),
    setGate: (state) => {
      for (const each of GATE_STATES) gate.set({ state: each }, each === state ? 1 : 0);
    },
  };
}
