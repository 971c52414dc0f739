import { ApiError } from '../../runtime/http/api-error.ts';
import type { InvoiceFormat } from '../../schemas/protocols/gateway-protocol.ts';
import { askGateway, type GatewayPlace } from './ask-gateway.ts';
import type { ReadyJob } from './ready-result.ts';
import type { CheckedBlobs } from './result-delivery.ts';

/** Asks the gateway to convert stored results to other formats. */
export function resultFormats(options: GatewayPlace & { blobs: CheckedBlobs }) {
  const askInTurn = askGateway(options);
  return {
    /**
     * @param asker the user whose turn the request takes
     * @throws ApiError FORMAT_NOT_POSSIBLE with the reason, UNAVAILABLE
     */
    make: async (asker: string, { jobId, conversion }: ReadyJob, format: InvoiceFormat) => {
      const made = await askInTurn(asker, {
        path: `/v1/format?format=${format}`,
        jobId,
        mediaType: 'application/xml',
        open: () => options.blobs.open(conversion.result),
        busy: 'Too many formats are being made; try again in a moment.',
        failed: 'The format cannot be made right now; the result itself can be downloaded.',
        // A refusal of the format is the final answer; a gateway that fails may succeed later.
        refusalOf: (_status, refusal) =>
          refusal?.code === 'FORMAT_NOT_POSSIBLE' || refusal?.code === 'PDF_LIMIT'
            ? new ApiError('FORMAT_NOT_POSSIBLE', refusal.message.slice(0, 500), { jobId })
            : null,
      });
      return { ...made, bytes: made.body.length };
    },
  };
}

export type ResultFormats = ReturnType<typeof resultFormats>;
