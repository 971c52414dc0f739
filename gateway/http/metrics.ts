import type { ServerResponse } from 'node:http';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { addProcessMetrics } from '../../runtime/metrics/metrics.ts';
import type { PoolState } from '../pool/child-pool.ts';

/** The metrics of the gateway, served at `GET /metrics` in the text format of Prometheus. */
export interface GatewayMetrics {
  converted(mappingId: string, result: string, ms: number): void;
  send(response: ServerResponse, pool: PoolState): Promise<void>;
}

/** Buckets in seconds. Most documents take tens of milliseconds. */
const DURATION_BUCKETS_SEC = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30];

export function openMetrics(): GatewayMetrics {
  const registry = new Registry();
  addProcessMetrics(registry, '');
  const register = { registers: [registry] };
  const duration = new Histogram({
    name: 'gateway_conversion_duration_seconds',
    help: 'Time from the arrival of the whole document to its result.',
    labelNames: ['mapping', 'result'],
    buckets: DURATION_BUCKETS_SEC,
    ...register,
  });
  const children = new Gauge({
    name: 'gateway_children',
    help: 'Converter children by state.',
    labelNames: ['doing'],
    ...register,
  });
  const waiting = new Gauge({
    name: 'gateway_waiting_documents',
    help: 'Documents waiting for a child.',
    ...register,
  });
  const ended = new Counter({
    name: 'gateway_children_ended_total',
    help: 'Children ended, by why.',
    labelNames: ['why'],
    ...register,
  });
  const standIns = new Counter({
    name: 'gateway_stand_ins_total',
    help: 'Children started because another was busy with a slow document.',
    ...register,
  });
  const seen: Record<string, number> = {};
  return {
    converted: (mapping, result, ms) => duration.observe({ mapping, result }, ms / 1000),
    send: async (response, pool) => {
      children.set({ doing: 'busy' }, pool.busy);
      children.set({ doing: 'idle' }, pool.ready - pool.busy);
      children.set({ doing: 'starting' }, pool.children - pool.ready);
      waiting.set(pool.waiting);
      for (const [why, count] of Object.entries(pool.counts) as [string, number][]) {
        const more = count - (seen[why] ?? 0);
        if (why === 'standIns') standIns.inc(more);
        else ended.inc({ why }, more);
        seen[why] = count;
      }
      response.writeHead(200, { 'Content-Type': registry.contentType }).end(await registry.metrics());
    },
  };
}
