import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Gauge, type Registry } from 'prom-client';

/** The interval at which the delay is measured. A shorter one would wake an idle process more often. */
const LOOK_EVERY_MS = 1_000;
/** The measurement ends when nobody has asked for it for this long. Prometheus asks every minute or more often. */
const ASKED_WITHIN_MS = 150_000;
const NANOSECONDS = 1e9;

type Delays = ReturnType<typeof monitorEventLoopDelay>;

const FIGURES: Readonly<Record<string, (delays: Delays) => number>> = {
  min: (delays) => delays.min,
  max: (delays) => delays.max,
  mean: (delays) => delays.mean,
  stddev: (delays) => delays.stddev,
  p50: (delays) => delays.percentile(50),
  p90: (delays) => delays.percentile(90),
  p99: (delays) => delays.percentile(99),
};
const LAST_DELAY = 'nodejs_eventloop_lag_seconds';

/** The names of the metrics, without a prefix. prom-client has metrics of the same names. */
export const EVENT_LOOP_DELAY_METRICS: readonly string[] = [
  LAST_DELAY,
  ...Object.keys(FIGURES).map((figure) => nameOf(figure)),
];

/**
 * Measures the delay of the event loop while somebody asks for metrics. The measurement of prom-client never ends,
 * and wakes an idle process every second (ADR 0202). Each question returns the delays since the previous question.
 * The first question after a pause starts the measurement and returns zeros.
 *
 * @param options.prefix the beginning of each metric's name
 * @returns a function that tells whether the delay is measured now
 */
export function measureEventLoopDelay(options: {
  readonly registry: Registry;
  readonly prefix: string;
  readonly askedWithinMs?: number;
}): () => boolean {
  const { registry, prefix, askedWithinMs = ASKED_WITHIN_MS } = options;
  const registers = [registry];
  const delays = monitorEventLoopDelay({ resolution: LOOK_EVERY_MS });
  let ending: NodeJS.Timeout | null = null;
  const asked = (): void => {
    if (ending !== null) return void ending.refresh();
    delays.enable();
    ending = setTimeout(() => {
      ending = null;
      delays.disable();
    }, askedWithinMs).unref();
  };
  // It is registered before the others, so that it sets them before they are asked.
  new Gauge({
    name: prefix + LAST_DELAY,
    help: 'Delay of the event loop during this question, in seconds.',
    registers,
    async collect() {
      for (const { gauge, read } of gauges) gauge.set(delays.count === 0 ? 0 : read(delays) / NANOSECONDS);
      delays.reset();
      asked();
      const askedAtMs = performance.now();
      await new Promise((resolve) => setImmediate(resolve));
      this.set((performance.now() - askedAtMs) / 1_000);
    },
  });
  const gauges = Object.entries(FIGURES).map(([figure, read]) => {
    const help = `Delay of the event loop between two questions, in seconds (${figure}).`;
    return { read, gauge: new Gauge({ name: prefix + nameOf(figure), help, registers }) };
  });
  return () => ending !== null;
}

function nameOf(figure: string): string {
  return `nodejs_eventloop_lag_${figure}_seconds`;
}
