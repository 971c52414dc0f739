import { Router } from 'express';
import type { Identity } from '../identity/middleware.ts';
import { ApiError } from '../runtime/http/api-error.ts';
import type { Settings } from '../schemas/settings/config.ts';
import type { LimitsAnswer } from '../schemas/protocols/http-api.ts';
import type { QueryContext } from './request/query-context.ts';

const RETRY_SEC = 2;

/** Data for the upload form: `GET /api/mappings` and `GET /api/limits`. */
export function listingRoutes(
  context: Pick<QueryContext, 'mappings'>,
  settings: Settings,
  identity: Pick<Identity, 'originsFor'>,
): Router {
  const router = Router();
  router.get('/api/mappings', async (_req, res) => {
    await context.mappings.fresh();
    const mappings = context.mappings.list();
    if (mappings.length === 0)
      throw new ApiError('UNAVAILABLE', 'The gateway has not reported its mappings yet.', {
        retryAfterSec: RETRY_SEC,
      });
    res.json(mappings);
  });
  router.get('/api/limits', (req, res) => {
    const limits: LimitsAnswer = {
      maxUploadMb: settings.MAX_UPLOAD_MB,
      maxFilesPerRequest: settings.MAX_FILES_PER_REQUEST,
      defaultMapping: settings.DEFAULT_MAPPING,
      origins: [...identity.originsFor(req)],
    };
    res.json(limits);
  });
  return router;
}
