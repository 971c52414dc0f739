import { create as contentDisposition } from 'content-disposition';
import { Router, type Response } from 'express';
import { ownerOf } from '../../identity/middleware.ts';
import { requestIdOf } from '../../runtime/http/app.ts';
import { DownloadQuery } from '../../schemas/protocols/http-api.ts';
import type { Asker } from '../request/asker.ts';
import { jobIdOfPath, queryOf } from '../request/request-input.ts';
import type { DownloadLedger } from './download-ledger.ts';
import type { ReadyJob, ReadyResults } from './ready-result.ts';
import type { ResultFormats } from './result-formats.ts';
import { resultName } from './result-names.ts';

/** `GET /api/jobs/:id/download`: the result as a file. A complete transfer becomes an event. */
export function downloadRoutes(
  ledger: DownloadLedger,
  results: ReadyResults,
  formats: ResultFormats,
): Router {
  const router = Router();
  router.get('/api/jobs/:id/download', async (req, res) => {
    const owner = ownerOf(res);
    const { format } = queryOf(DownloadQuery, req);
    const job = await results.find(owner, jobIdOfPath(req));
    if (format !== undefined) {
      const made = await formats.make(owner ?? '', job, format);
      describeAs(res, made, resultName(job.filename, made.mediaType), 'attachment');
      if (req.method === 'HEAD') return void res.end();
      res.once('finish', () =>
        ledger.record({ owner, jobId: job.jobId, bytes: made.bytes, requestId: requestIdOf(res) }),
      );
      return void res.end(made.body);
    }
    if (req.method === 'HEAD') return void describe(res, job, 'attachment').end();
    if (!(await results.send(owner, job, () => describe(res, job, 'attachment')))) return;
    const { bytes } = job.conversion.result;
    ledger.record({ owner, jobId: job.jobId, bytes, requestId: requestIdOf(res) });
  });
  return router;
}

/** `GET .../:id/result`: returns the same bytes for display. This is not a download, so no event is written. */
export function resultRoutes(results: ReadyResults, { prefix, ownerOf: owner }: Asker): Router {
  const router = Router();
  router.get(`${prefix}/:id/result`, async (req, res) => {
    const job = await results.find(owner(res), jobIdOfPath(req));
    if (req.method === 'HEAD') return void describe(res, job, 'inline').end();
    await results.send(owner(res), job, () => describe(res, job, 'inline'));
  });
  return router;
}

/** Sets headers that keep a browser from running or storing the file (R08.01). */
function describe(res: Response, job: ReadyJob, type: 'attachment' | 'inline'): Response {
  const { result } = job.conversion;
  return describeAs(res, result, resultName(job.filename, result.mediaType), type);
}

function describeAs(
  res: Response,
  { bytes, mediaType }: { readonly bytes: number; readonly mediaType: string },
  name: string,
  type: 'attachment' | 'inline',
): Response {
  return res
    .status(200)
    .set('Content-Type', mediaType)
    .set('Content-Length', String(bytes))
    .set('Content-Disposition', contentDisposition(name, { type }))
    .set('Content-Security-Policy', "sandbox; default-src 'none'")
    .set('X-Content-Type-Options', 'nosniff')
    .set('Cache-Control', 'private, no-store')
    .set('Accept-Ranges', 'none');
}
