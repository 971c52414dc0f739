import { Readable } from 'node:stream';
import type { ExistingJob } from '../../conversion-job/job.ts';
import { gatewayAuthorization } from '../../runtime/gateway-token.ts';
import { ApiError } from '../../runtime/http/api-error.ts';
import { gatewayRefusalSchema } from '../../schemas/gateway-protocol.ts';
import { askGateway } from './ask-gateway.ts';
import { fairTurns, TurnRefused } from './fair-turns.ts';
import type { CheckedBlobs } from './result-delivery.ts';

/** The gateway shows at most this many documents to users at the same time, because conversions come first. */
const AT_ONCE_MAX = 2;
/** A user may have this many waiting requests. A further request is refused with a time for a retry. */
const WAITING_OF_ONE_MAX = 20;
/** Limit of the waiting requests of all users. */
const WAITING_MAX = 400;
const AGAIN_SEC = 2;

/** Asks the gateway about a job's document. */
export interface DocumentReader {
  /**
   * Every value with its place, in the form of `gatewayExplanationSchema`.
   * @param asker the user whose turn the request takes
   * @throws ApiError
   */
  explain(asker: string, job: ExistingJob): Promise<Buffer>;
  /**
   * One page as PNG.
   * @throws ApiError NOT_FOUND when there is no such page, and the errors of `explain`
   */
  picture(asker: string, job: ExistingJob, page: { number: number; scale: number }): Promise<Buffer>;
}

/**
 * Asks the gateway over HTTP, with the PDF from the blob store, and caches nothing. Each request opens the document
 * again, so only a few run at a time.
 * @param options.gatewayUrl undefined when this process knows no gateway, so that every request fails with
 *   UNAVAILABLE
 * @param options.token the gateway's token, if it requires one
 * @param options.timeoutMs longest wait for one answer
 */
export function documentReader(options: {
  gatewayUrl: string | undefined;
  token?: string | undefined;
  timeoutMs: number;
  blobs: CheckedBlobs;
}): DocumentReader {
  const { gatewayUrl, timeoutMs, blobs } = options;
  const takeTurn = fairTurns({
    atOnceMax: AT_ONCE_MAX,
    waitingOfOneMax: WAITING_OF_ONE_MAX,
    waitingMax: WAITING_MAX,
  });
  const authorization = gatewayAuthorization(options.token);

  const ask = async (asker: string, job: ExistingJob, query: Record<string, string>): Promise<Buffer> => {
    if (gatewayUrl === undefined) throw new ApiError('UNAVAILABLE');
    return takeTurn(asker, async () => {
      const address = new URL('/v1/explain', gatewayUrl);
      address.search = new URLSearchParams({ mapping: job.mapping.id, ...query }).toString();
      const source = await openSource(blobs, job);
      try {
        const { answer, body } = await askGateway({
          address,
          jobId: job.jobId,
          mediaType: 'application/pdf',
          file: source,
          authorization,
          timeoutMs,
        });
        if (answer.ok) return body;
        throw refusalOf(answer.status, body, job);
      } catch (error) {
        if (error instanceof ApiError) throw error;
        throw new ApiError('UNAVAILABLE', 'The document cannot be read right now.', { cause: error });
      } finally {
        source.destroy();
      }
    }).catch((error: unknown) => {
      if (!(error instanceof TurnRefused)) throw error;
      const message = 'Too many documents are open at the gateway; try again in a moment.';
      throw new ApiError('UNAVAILABLE', message, { cause: error, retryAfterSec: AGAIN_SEC });
    });
  };
  return {
    explain: (asker, job) => ask(asker, job, {}),
    picture: (asker, job, { number, scale }) =>
      ask(asker, job, { image: String(number), draw: 'page', scale: String(scale) }),
  };
}

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

/** Returns the final refusal of a document, or UNAVAILABLE with a retry when the gateway fails. */
function refusalOf(status: number, body: Buffer, { jobId }: ExistingJob): ApiError {
  const refusal = gatewayRefusalSchema.safeParse(jsonOf(body));
  if (status === 422)
    return new ApiError('CONFLICT', refusal.data?.message ?? 'The document cannot be read.', { jobId });
  if (refusal.data?.code === 'BAD_PARAMETER')
    return new ApiError('NOT_FOUND', 'There is no such page.', { jobId });
  return new ApiError('UNAVAILABLE', 'The document cannot be read right now.', { retryAfterSec: AGAIN_SEC });
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return null;
  }
}
