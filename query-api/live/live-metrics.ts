import { Counter, Gauge, type Metrics } from '../../runtime/metrics/metrics.ts';

export interface LiveMetrics {
  readonly framesSent: Counter;
  readonly closes: Counter<'code'>;
  readonly refusals: Counter<'code'>;
}

/** Metrics of the live sockets of this process. */
export function liveMetrics(
  registry: Metrics,
  count: { sockets(): number; followers(): number },
): LiveMetrics {
  const registers = [registry];
  new Gauge({
    name: 'docket_live_sockets',
    help: 'Open live sockets',
    registers,
    collect() {
      this.set(count.sockets());
    },
  });
  new Gauge({
    name: 'docket_live_subscriptions',
    help: 'Subscriptions of the open live sockets',
    registers,
    collect() {
      this.set(count.followers());
    },
  });
  return {
    framesSent: new Counter({ name: 'docket_live_frames_sent_total', help: 'Frames sent', registers }),
    closes: new Counter({
      name: 'docket_live_closes_total',
      help: 'Sockets closed by the server, by close code',
      labelNames: ['code'],
      registers,
    }),
    refusals: new Counter({
      name: 'docket_live_refusals_total',
      help: 'Upgrades refused, by error code',
      labelNames: ['code'],
      registers,
    }),
  };
}
