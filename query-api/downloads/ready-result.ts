import type { Response } from 'express';
import type { ExistingJob } from '../../conversion-job/job.ts';
import { ApiError } from '../../runtime/http/api-error.ts';
import { Counter, type Metrics } from '../../runtime/metrics/metrics.ts';
import { codeOf } from '../../schemas/errors/coded-error.ts';
import { findOwnJob } from './own-job.ts';
import type { QueryContext } from '../request/query-context.ts';
import { sendWhole, type CheckedBlobs } from './result-delivery.ts';

export type ReadyJob = Extract<ExistingJob, { state: 'ready' }>;

export function readyResults(context: QueryContext, results: CheckedBlobs, metrics: Metrics) {
  const { logger } = context;
  const corrupt = new Counter({
    name: 'docket_corrupt_results_total',
    help: 'Results whose bytes differ from the log; each needs an operator',
    registers: [metrics],
  });
  /**
   * @param owner null for an operator
   * @throws ApiError with the reason why there is no result
   */
  const find = (owner: string | null, jobId: string) => readyJob(context, owner, jobId);
  return {
    find,
    /**
     * Sends the bytes. `describe` sets the headers once the bytes are available. Returns false when the transfer was
     * not completed.
     * @throws ApiError before the first byte
     */
    send: async (owner: string | null, job: ReadyJob, describe: () => Response) => {
      const stream = await results
        .open(job.conversion.result)
        .catch((error: unknown) => refuseBlob(context, { owner, job }, error, () => corrupt.inc()));
      try {
        await sendWhole(stream, describe());
        return true;
      } catch (error) {
        if (codeOf(error) === 'BLOB_CORRUPT') {
          corrupt.inc();
          logger.error(
            { err: error, jobId: job.jobId, alert: 'result-corrupt' },
            'a result is corrupt; its transfer was stopped',
          );
        } else logger.info({ err: error, jobId: job.jobId }, 'a download was not completed');
        return false;
      }
    },
  };
}

/**
 * Finds the result of a job and sends it. Only the job's own stream decides, so downloads work while Postgres is
 * away.
 */
export type ReadyResults = ReturnType<typeof readyResults>;

async function readyJob(context: QueryContext, owner: string | null, jobId: string): Promise<ReadyJob> {
  const job = await findOwnJob(context.log, context.policy, owner, jobId);
  if (!job) throw new ApiError('NOT_FOUND');
  if (job.state === 'ready') return job;
  if (job.state === 'expired') throw new ApiError('EXPIRED', undefined, { jobId });
  throw new ApiError('NOT_READY', NOT_READY[job.state], { jobId });
}

const NOT_READY: Readonly<Record<Exclude<ExistingJob['state'], 'ready' | 'expired'>, string>> = {
  queued: 'The result is not ready yet: the conversion waits for its turn.',
  converting: 'The result is not ready yet: the conversion is running.',
  waiting: 'The result is not ready yet: the conversion will be retried soon.',
  failed: 'There is no result: the conversion failed.',
  cancelled: 'There is no result: the conversion was cancelled.',
};

/**
 * Retention may have removed the blob after the stream was read. In that case the stream now has the event of the
 * removal.
 */
async function refuseBlob(
  context: QueryContext,
  { owner, job }: { readonly owner: string | null; readonly job: ReadyJob },
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
