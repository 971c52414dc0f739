import { create as contentDisposition } from 'content-disposition';
import { Router, type Request, type Response } from 'express';
import type { ExistingJob } from '../../conversion-job/job.ts';
import { ApiError } from '../../runtime/http/api-error.ts';
import { NoQuery, PageQuery, PAGE_NUMBER } from '../../schemas/protocols/http-api.ts';
import type { Asker } from '../request/asker.ts';
import { openSource, type DocumentReader } from './document-reader.ts';
import { findOwnJob } from './own-job.ts';
import type { QueryContext } from '../request/query-context.ts';
import { jobIdOfPath, queryOf } from '../request/request-input.ts';
import { sendWhole, type CheckedBlobs } from './result-delivery.ts';

/** A browser may keep a picture for this long, while the user scrolls. */
const PICTURE_KEPT_SEC = 300;
/** All operators together count as one user in the queue. */
const OPERATORS = 'operators';

/**
 * The PDF of a job, pictures of its pages, and the place of each value. The job's own stream decides who may read
 * these.
 */
export function documentRoutes(
  context: QueryContext,
  blobs: CheckedBlobs,
  reader: DocumentReader,
  { prefix, ownerOf }: Asker,
): Router {
  const { log, policy, logger } = context;
  const router = Router();
  const jobOf = async (req: Request, res: Response): Promise<ExistingJob> => {
    const job = await findOwnJob(log, policy, ownerOf(res), jobIdOfPath(req));
    if (!job) throw new ApiError('NOT_FOUND');
    return job;
  };

  router.get(`${prefix}/:id/source`, async (req, res) => {
    queryOf(NoQuery, req);
    const job = await jobOf(req, res);
    const source = await openSource(blobs, job);
    res
      .status(200)
      .set('Content-Type', 'application/pdf')
      .set('Content-Length', String(job.bytes))
      .set('Content-Disposition', contentDisposition(job.filename))
      .set('Content-Security-Policy', "sandbox; default-src 'none'")
      .set('Accept-Ranges', 'none');
    if (req.method === 'HEAD') {
      source.destroy();
      return void res.end();
    }
    await sendWhole(source, res).catch((error: unknown) =>
      logger.info({ err: error, jobId: job.jobId }, 'a PDF was not sent completely'),
    );
  });

  router.get(`${prefix}/:id/provenance`, async (req, res) => {
    queryOf(NoQuery, req);
    const explanation = await reader.explain(ownerOf(res) ?? OPERATORS, await jobOf(req, res));
    res.set('Content-Type', 'application/json; charset=utf-8').send(explanation);
  });

  router.get(`${prefix}/:id/pages/:page`, async (req, res) => {
    const { scale } = queryOf(PageQuery, req);
    const page = PAGE_NUMBER.safeParse(req.params['page']);
    if (!page.success) throw new ApiError('NOT_FOUND');
    const picture = await reader.picture(ownerOf(res) ?? OPERATORS, await jobOf(req, res), {
      number: page.data,
      scale,
    });
    res
      .set('Content-Type', 'image/png')
      .set('Cache-Control', `private, max-age=${PICTURE_KEPT_SEC}`)
      .send(picture);
  });
  return router;
}
