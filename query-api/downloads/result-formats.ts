import { gatewayAuthorization } from '../../runtime/gateway-token.ts';
import { ApiError } from '../../runtime/http/api-error.ts';
import { gatewayRefusalSchema, type InvoiceFormat } from '../../schemas/gateway-protocol.ts';
import { askGateway } from './ask-gateway.ts';
import { fairTurns, TurnRefused } from './fair-turns.ts';
import type { ReadyJob } from './ready-result.ts';
import type { CheckedBlobs } from './result-delivery.ts';

/** The gateway converts at most this many results at the same time, because conversions of PDFs come first. */
const AT_ONCE_MAX = 2;
const WAITING_OF_ONE_MAX = 20;
const WAITING_MAX = 400;
const AGAIN_SEC = 2;

/** A result in another format. */
interface MadeFormat {
  readonly body: Buffer;
  readonly bytes: number;
  readonly mediaType: string;
}

/** Converts results to other formats. */
export interface ResultFormats {
  /**
   * @param asker the user whose turn the request takes
   * @throws ApiError FORMAT_NOT_POSSIBLE with the reason, UNAVAILABLE, and the errors of reading the result
   */
  make(asker: string, job: ReadyJob, format: InvoiceFormat): Promise<MadeFormat>;
}

/**
 * Asks the gateway over HTTP, with the stored result, and caches nothing.
 * @param options.gatewayUrl undefined when this process knows no gateway, so that every request fails with
 *   UNAVAILABLE
 * @param options.timeoutMs longest wait for one answer
 */
export function resultFormats(options: {
  gatewayUrl: string | undefined;
  token?: string | undefined;
  timeoutMs: number;
  blobs: CheckedBlobs;
}): ResultFormats {
  const { gatewayUrl, timeoutMs, blobs } = options;
  const takeTurn = fairTurns({
    atOnceMax: AT_ONCE_MAX,
    waitingOfOneMax: WAITING_OF_ONE_MAX,
    waitingMax: WAITING_MAX,
  });
  const authorization = gatewayAuthorization(options.token);

  const ask = async (job: ReadyJob, format: InvoiceFormat, gateway: string): Promise<MadeFormat> => {
    const address = new URL(`/v1/format?format=${format}`, gateway);
    const result = await blobs.open(job.conversion.result);
    try {
      const { answer, body } = await askGateway({
        address,
        jobId: job.jobId,
        mediaType: 'application/xml',
        file: result,
        authorization,
        timeoutMs,
      });
      if (!answer.ok) throw refusalOf(body, job.jobId);
      const mediaType = (answer.headers.get('content-type') ?? '').split(';')[0] ?? '';
      return { body, bytes: body.length, mediaType };
    } finally {
      result.destroy();
    }
  };
  return {
    make: async (asker, job, format) => {
      if (gatewayUrl === undefined) throw new ApiError('UNAVAILABLE');
      try {
        return await takeTurn(asker, () => ask(job, format, gatewayUrl));
      } catch (error) {
        if (error instanceof ApiError) throw error;
        const message =
          error instanceof TurnRefused
            ? 'Too many formats are being made; try again in a moment.'
            : 'The format cannot be made right now; the result itself can be downloaded.';
        throw new ApiError('UNAVAILABLE', message, { cause: error, retryAfterSec: AGAIN_SEC });
      }
    },
  };
}

/** A refusal of the format is the final answer; a gateway that fails may succeed later. */
function refusalOf(body: Buffer, jobId: string): ApiError {
  const refusal = gatewayRefusalSchema.safeParse(jsonOf(body)).data;
  if (refusal?.code === 'FORMAT_NOT_POSSIBLE' || refusal?.code === 'PDF_LIMIT')
    return new ApiError('FORMAT_NOT_POSSIBLE', refusal.message.slice(0, 500), { jobId });
  return new ApiError(
    'UNAVAILABLE',
    'The format cannot be made right now; the result itself can be downloaded.',
    {
      retryAfterSec: AGAIN_SEC,
    },
  );
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    // An answer that is not the gateway's refusal gives no information about the format.
    return null;
  }
}
