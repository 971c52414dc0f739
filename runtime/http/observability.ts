import { Router } from 'express';
import type { Metrics } from '../metrics.ts';
import type { Service } from '../service.ts';

/**
 * Routes for operators. `/health` says that the process lives, `/ready` whether its services can work and what they
 * wait for, `/metrics` is Prometheus text. None asks a dependency, so all answer at once (I14).
 */
export function observabilityRoutes(
  services: readonly Service[],
  metrics: Metrics,
  isStopping: () => boolean,
): Router {
  const router = Router();
  router.get('/health', (_req, res) => {
    res.setHeader('Cache-Control', 'no-store').json({ status: 'alive' });
  });
  router.get('/ready', (_req, res) => {
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
