import { Readable } from 'node:stream';
import type { ExistingJob } from '../../conversion-job/job.ts';
import { gatewayAuthorization } from '../../runtime/gateway-token.ts';
import { ApiError } from '../../runtime/http/api-error.ts';
import { gatewayRefusalSchema } from '../../schemas/gateway-protocol.ts';
import { askGateway } from './ask-gateway.ts';
import { fairTurns, TurnRefused } from './fair-turns.ts';
import type { CheckedBlobs } from './result-delivery.ts';

/** Most documents that the gateway shows to people at the same time; conversions come first. */
const AT_ONCE_MAX = 2;
/** Most questions of one user that wait for their turn; further ones are refused with a time to retry. */
const WAITING_OF_ONE_MAX = 20;
/** Questions of all. */
const WAITING_MAX = 400;
const AGAIN_SEC = 2;

/** What the gateway says of a job's document. */
export interface DocumentReader {
  /**
   * Every value with its place, as `gatewayExplanationSchema`.
   * @param asker whose share of the turns it takes
   * @throws ApiError
   */
  explain(asker: string, job: ExistingJob): Promise<Buffer>;
  /** One page as PNG. @throws ApiError NOT_FOUND when there is no such page, and as `explain` */
  picture(asker: string, job: ExistingJob, page: { number: number; scale: number }): Promise<Buffer>;
}

/**
 * Asks the gateway over HTTP, with the PDF out of the blob store; nothing is kept here. Each question opens the
 * document anew, so only a few are asked at a time.
 *
 * @param options.gatewayUrl undefined when this process knows no gateway: everything is UNAVAILABLE then
 * @param options.token what the gateway asks for, if it does
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
      const message = 'Too many documents are being looked at; try again in a moment.';
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
 * @throws ApiError EXPIRED when it was removed, UNAVAILABLE, INTERNAL when the stored bytes are not what they should be
 */
export async function openSource(blobs: CheckedBlobs, job: ExistingJob): Promise<Readable> {
  const { jobId, sourceBlobKey, bytes, sha256 } = job;
  const gone = () =>
    new ApiError('EXPIRED', 'The PDF has been removed because its keeping time is over.', { jobId });
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

/** A refusal of the document is the answer; a gateway in trouble is asked again later. */
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
