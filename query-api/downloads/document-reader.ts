import type { Readable } from 'node:stream';
import type { ExistingJob } from '../../conversion-job/job.ts';
import { ApiError } from '../../runtime/http/api-error.ts';
import { askGateway, type GatewayPlace, type GatewayQuestion } from './ask-gateway.ts';
import type { CheckedBlobs } from './result-delivery.ts';

/** Asks the gateway about a job's document. Each request opens the document again. */
export function documentReader(options: GatewayPlace & { blobs: CheckedBlobs }) {
  const askInTurn = askGateway(options);
  const ask = async (asker: string, job: ExistingJob, query: Record<string, string>): Promise<Buffer> => {
    const { jobId, mapping } = job;
    const { body } = await askInTurn(asker, {
      path: `/v1/explain?${new URLSearchParams({ mapping: mapping.id, ...query }).toString()}`,
      jobId,
      mediaType: 'application/pdf',
      open: () => openSource(options.blobs, job),
      busy: 'Too many documents are open at the gateway; try again in a moment.',
      failed: 'The document cannot be read right now.',
      refusalOf: (status, refusal) => refusalOf(status, refusal, jobId),
    });
    return body;
  };
  return {
    /**
     * Every value with its place, in the form of `gatewayExplanationSchema`.
     * @param asker the user whose turn the request takes
     * @throws ApiError
     */
    explain: (asker: string, job: ExistingJob) => ask(asker, job, {}),
    /**
     * One page as PNG.
     * @throws ApiError NOT_FOUND when there is no such page, and the errors of `explain`
     */
    picture: (asker: string, job: ExistingJob, { number, scale }: { number: number; scale: number }) =>
      ask(asker, job, { image: String(number), draw: 'page', scale: String(scale) }),
  };
}

export type DocumentReader = ReturnType<typeof documentReader>;

/**
 * Opens the job's PDF.
 * @throws ApiError EXPIRED when it was removed, UNAVAILABLE, INTERNAL when the stored bytes are wrong
 */
export async function openSource(blobs: CheckedBlobs, job: ExistingJob): Promise<Readable> {
  const { jobId, sourceBlobKey, bytes, sha256 } = job;
  const gone = () => new ApiError('EXPIRED', undefined, { jobId });
  if (sourceBlobKey === null) throw gone();
  try {
    return await blobs.open({ blobKey: sourceBlobKey, bytes, sha256 });
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === 'BLOB_MISSING') throw gone();
    if (code === 'BLOB_STORE_UNAVAILABLE') throw new ApiError('UNAVAILABLE', undefined, { cause: error });
    throw new ApiError('INTERNAL', 'The stored PDF is damaged.', { cause: error, jobId });
  }
}

function refusalOf(
  status: number,
  refusal: Parameters<GatewayQuestion['refusalOf']>[1],
  jobId: string,
): ApiError | null {
  if (status === 422)
    return new ApiError('CONFLICT', refusal?.message ?? 'The document cannot be read.', { jobId });
  if (refusal?.code === 'BAD_PARAMETER')
    return new ApiError('NOT_FOUND', 'There is no such page.', { jobId });
  return null;
}
