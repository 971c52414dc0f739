import { Router } from 'express';
import type { Metrics } from '../metrics/metrics.ts';
import type { Service } from '../service.ts';

export interface Observed {
  readonly services: readonly Service[];
  readonly metrics: Metrics;
  readonly isStopping: () => boolean;
  /** Resolves when the readiness of the services is recent. The wait is short, even when a dependency hangs. */
  readonly fresh: () => Promise<void>;
}

/**
 * Routes for operators. `/health` says that the process is alive. `/ready` says whether its services can work, and
 * what they wait for. `/metrics` is Prometheus text. Health and metrics ask no dependency, so they answer at once
 * (I14). Readiness is the last result of the probes. Only the first request after a quiet time waits for new results.
 */
export function observabilityRoutes({ services, metrics, isStopping, fresh }: Observed): Router {
  const router = Router();
  router.get('/health', (_req, res) => {
    res.setHeader('Cache-Control', 'no-store').json({ status: 'alive' });
  });
  router.get('/ready', async (_req, res) => {
    await fresh();
    const states = services.map((service) => ({ service: service.name, ...service.readiness() }));
    const ready = !isStopping() && states.every((state) => state.ready);
    if (!ready) res.setHeader('Retry-After', '2');
    res
      .setHeader('Cache-Control', 'no-store')
      .status(ready ? 200 : 503)
      .json({ ready, services: states });
  });
  router.get('/metrics', async (_req, res) => {
    res.setHeader('Content-Type', metrics.contentType).send(await metrics.metrics());
  });
  return router;
}
