import { create as contentDisposition } from 'content-disposition';
import { Router, type Response } from 'express';
import type { ExistingJob } from '../../conversion-job/job.ts';
import { ownerOf } from '../../identity/middleware.ts';
import { ApiError } from '../../runtime/http/api-error.ts';
import { requestIdOf } from '../../runtime/http/app.ts';
import { Counter, type Metrics } from '../../runtime/metrics.ts';
import { findOwnJob } from '../own-job.ts';
import type { QueryContext } from '../query-context.ts';
import { jobIdOfPath } from '../request-input.ts';
import { sendWhole, type CheckedBlobs } from '../result-delivery.ts';
import { resultName } from '../result-names.ts';

type ReadyJob = Extract<ExistingJob, { state: 'ready' }>;

/**
 * `GET /api/jobs/:id/download`. Decided from the job's own stream in the log, so it is right at once after the result
 * is there, and while Postgres is away.
 */
export function downloadRoutes(context: QueryContext, results: CheckedBlobs, metrics: Metrics): Router {
  const { ledger, logger } = context;
  const corrupt = new Counter({
    name: 'docket_corrupt_results_total',
    help: 'Results whose bytes were not what the log says; each needs an operator',
    registers: [metrics],
  });
  const router = Router();

  router.get('/api/jobs/:id/download', async (req, res) => {
    const owner = ownerOf(res);
    const job = await readyJob(context, owner, jobIdOfPath(req));
    const { result } = job.conversion;
    if (req.method === 'HEAD') return void describe(res, job).end();
    const stream = await results
      .open(result)
      .catch((error: unknown) => refuseBlob(context, owner, job, error, () => corrupt.inc()));
    try {
      await sendWhole(stream, describe(res, job));
    } catch (error) {
      if (codeOf(error) === 'BLOB_CORRUPT') {
        corrupt.inc();
        logger.error(
          { err: error, jobId: job.jobId, alert: 'result-corrupt' },
          'a result is corrupt; cut off',
        );
      } else logger.info({ err: error, jobId: job.jobId }, 'a download was not completed');
      return;
    }
    ledger.record({ owner, jobId: job.jobId, bytes: result.bytes, requestId: requestIdOf(res) });
  });
  return router;
}

/** @throws ApiError that says why there is nothing to download */
async function readyJob(context: QueryContext, owner: string, jobId: string): Promise<ReadyJob> {
  const job = await findOwnJob(context.log, context.policy, owner, jobId);
  if (!job) throw new ApiError('NOT_FOUND');
  if (job.state === 'ready') return job;
  if (job.state === 'expired') throw new ApiError('EXPIRED', undefined, { jobId });
  throw new ApiError('NOT_READY', NOT_READY[job.state], { jobId });
}

const NOT_READY: Readonly<Record<Exclude<ExistingJob['state'], 'ready' | 'expired'>, string>> = {
  queued: 'The result is not ready yet: the conversion waits for its turn.',
  converting: 'The result is not ready yet: the conversion is running.',
  waiting: 'The result is not ready yet: the conversion is tried again soon.',
  failed: 'There is no result: the conversion failed.',
  cancelled: 'There is no result: the conversion was cancelled.',
};

/** Headers that make a browser save the file and never run or keep it (R08.01). */
function describe(res: Response, job: ReadyJob): Response {
  const { bytes, mediaType } = job.conversion.result;
  return res
    .status(200)
    .set('Content-Type', mediaType)
    .set('Content-Length', String(bytes))
    .set('Content-Disposition', contentDisposition(resultName(job.filename, mediaType)))
    .set('Content-Security-Policy', "sandbox; default-src 'none'")
    .set('X-Content-Type-Options', 'nosniff')
    .set('Cache-Control', 'private, no-store')
    .set('Accept-Ranges', 'none');
}

/** Retention may have removed the blob since the stream was read: then the stream says so by now. */
async function refuseBlob(
  context: QueryContext,
  owner: string,
  job: ReadyJob,
  error: unknown,
  count: () => void,
): Promise<never> {
  const code = codeOf(error);
  if (code === 'BLOB_STORE_UNAVAILABLE') throw new ApiError('UNAVAILABLE', undefined, { cause: error });
  if (code === 'BLOB_MISSING') await readyJob(context, owner, job.jobId);
  if (code !== 'BLOB_CORRUPT' && code !== 'BLOB_MISSING') throw error;
  count();
  context.logger.error(
    { err: error, jobId: job.jobId, alert: 'result-corrupt' },
    'a result is missing or corrupt',
  );
  throw new ApiError('INTERNAL', 'The stored result is damaged; an operator has been told.', {
    cause: error,
    jobId: job.jobId,
  });
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code;
}
