import { create as contentDisposition } from 'content-disposition';
import { Router } from 'express';
import { ownerOf } from '../../identity/middleware.ts';
import { ApiError } from '../../runtime/http/api-error.ts';
import { requestIdOf } from '../../runtime/http/app.ts';
import { ZIP_JOBS_MAX, ZipQuery } from '../../schemas/protocols/http-api.ts';
import type { QueryContext } from '../request/query-context.ts';
import { queryOf } from '../request/request-input.ts';
import type { DownloadLedger } from './download-ledger.ts';
import { sendWhole, type CheckedBlobs } from './result-delivery.ts';
import { zipOfResults } from './zip-of-results.ts';

const READY_JOBS =
  "select job_id from docket.jobs where owner = $1 and state = 'ready' order by created_at, job_id limit $2";

/** `GET /api/jobs/download`: the results of many jobs as one archive, streamed while it is made. */
export function zipRoutes(context: QueryContext, results: CheckedBlobs, ledger: DownloadLedger): Router {
  const { store, logger } = context;
  const router = Router();

  router.get('/api/jobs/download', async (req, res) => {
    const owner = ownerOf(res);
    const query = queryOf(ZipQuery, req);
    const jobIds = 'ids' in query ? [...new Set(query.ids)] : await readyJobs(owner);
    if (jobIds.length === 0) throw new ApiError('NOT_READY', 'No result is ready to be downloaded yet.');
    const zip = await zipOfResults(context, results, owner, jobIds);
    if (!zip) throw new ApiError('NOT_FOUND', 'None of these jobs has a result to download.');
    res
      .status(200)
      .set('Content-Type', 'application/zip')
      .set('Content-Disposition', contentDisposition('docket-results.zip'))
      .set('Content-Security-Policy', "sandbox; default-src 'none'")
      .set('Cache-Control', 'private, no-store')
      .set('Accept-Ranges', 'none');
    if (req.method === 'HEAD') {
      zip.stream.destroy();
      return void res.end();
    }
    try {
      await sendWhole(zip.stream, res);
    } catch (error) {
      logger.warn({ err: error, requestId: requestIdOf(res) }, 'an archive was not completed');
      return;
    }
    const requestId = requestIdOf(res);
    for (const { jobId, bytes } of zip.included) ledger.record({ owner, jobId, bytes, requestId });
  });

  const readyJobs = async (owner: string): Promise<string[]> => {
    const { rows } = await store.query<{ job_id: string }>(READY_JOBS, [owner, ZIP_JOBS_MAX + 1]);
    if (rows.length > ZIP_JOBS_MAX)
      throw new ApiError(
        'BAD_REQUEST',
        `More than ${ZIP_JOBS_MAX} results are ready; choose up to ${ZIP_JOBS_MAX} of them.`,
      );
    return rows.map((row) => row.job_id);
  };
  return router;
}
