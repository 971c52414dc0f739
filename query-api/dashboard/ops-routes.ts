import { Router } from 'express';
import type { Identity } from '../../identity/middleware.ts';
import { DashboardQuery } from '../../schemas/protocols/dashboard-api.ts';
import { NoQuery } from '../../schemas/protocols/http-api.ts';
import { FailuresQuery, SelectionQuery, type MeAnswer } from '../../schemas/protocols/ops-api.ts';
import { readDashboard, type DashboardSources } from './dashboard.ts';
import { readFailures, readQuarantine, readSelection } from './failures.ts';
import { readAtLeast } from '../change-feed/freshness.ts';
import type { QueryContext } from '../request/query-context.ts';
import { queryOf } from '../request/request-input.ts';

/** The console: figures, failures, quarantine. All routes except `/api/me` require an operator. */
export function opsRoutes(
  context: QueryContext,
  dashboard: DashboardSources,
  identity: Pick<Identity, 'operatorsOnly' | 'mayOperate'>,
): Router {
  const router = Router();
  const { store, feed } = context;
  router.get('/api/me', (req, res) => {
    queryOf(NoQuery, req);
    const answer: MeAnswer = { operator: identity.mayOperate(req) };
    res.json(answer);
  });
  router.use(['/api/ops', '/api/dashboard'], identity.operatorsOnly);

  router.get('/api/dashboard', async (req, res) => {
    res.json(await readDashboard(dashboard, queryOf(DashboardQuery, req)));
  });
  router.get('/api/ops/failures', async (req, res) => {
    const { atLeast } = queryOf(FailuresQuery, req);
    res.json((await readAtLeast(feed, atLeast, () => readFailures(store))).answer);
  });
  router.get('/api/ops/failures/selection', async (req, res) => {
    res.json(await readSelection(store, queryOf(SelectionQuery, req)));
  });
  router.get('/api/ops/quarantine', async (req, res) => {
    queryOf(NoQuery, req);
    res.json(await readQuarantine(store));
  });
  return router;
}
