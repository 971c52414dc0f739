import { API_ERRORS } from '../../schemas/errors/error-codes.ts';
import type { UploadResult } from '../../schemas/protocols/http-api.ts';

/** One line of the answer, with its effect on the status. */
export type FileOutcome =
  | {
      readonly result: Extract<UploadResult, { jobId: string }>;
      readonly position: bigint;
    }
  | { readonly result: Extract<UploadResult, { error: unknown }> };

/**
 * Returns the status: 202 when any file was accepted, 200 when all files were deduplicated, otherwise the status of
 * the first error.
 */
export function uploadAnswer(
  outcomes: readonly FileOutcome[],
  requestId: string,
): { status: number; body: Record<string, unknown> } {
  const position = outcomes.reduce(
    (highest, outcome) => ('position' in outcome && outcome.position > highest ? outcome.position : highest),
    0n,
  );
  const results = outcomes.map((outcome) => outcome.result);
  const body = { position: position.toString(), results };
  const firstError = results.find((result) => 'error' in result)?.error ?? null;
  const isAnyAccepted = results.some((result) => 'jobId' in result && !result.deduplicated);
  if (isAnyAccepted) return { status: 202, body };
  if (firstError === null) return { status: 200, body };
  // Adds the usual error shape to the lines, so that clients read every refusal in the same way.
  const error = { ...firstError, requestId };
  return {
    status: API_ERRORS[firstError.code].status,
    body: { error, ...body },
  };
}
