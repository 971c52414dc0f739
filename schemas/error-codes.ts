import { z } from 'zod';

/** Every code of an API error, with its HTTP status and its default sentence. */
export const API_ERRORS = {
  NOT_PDF: { status: 400, sentence: 'This file is not a PDF.' },
  TOO_LARGE: { status: 413, sentence: 'This file is larger than the limit.' },
  UNKNOWN_MAPPING: { status: 400, sentence: 'There is no mapping with this id.' },
  BAD_REQUEST: { status: 400, sentence: 'The request could not be understood.' },
  UNAUTHENTICATED: { status: 401, sentence: 'There is no valid session with this request.' },
  FORBIDDEN: { status: 403, sentence: 'This is not allowed from here.' },
  NOT_FOUND: { status: 404, sentence: 'There is nothing here.' },
  EXPIRED: {
    status: 404,
    sentence:
      'This file has been removed because its keeping time is over. Upload the PDF again to convert it.',
  },
  METHOD_NOT_ALLOWED: { status: 405, sentence: 'This address does not accept that method.' },
  REQUEST_TIMEOUT: {
    status: 408,
    sentence: 'The request did not arrive in time; try again over a better connection.',
  },
  NOT_READY: { status: 409, sentence: 'The result is not ready yet.' },
  CONFLICT: { status: 409, sentence: 'The job has changed; this is not possible in its present state.' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, sentence: 'This address does not accept a body of that type.' },
  HEADERS_TOO_LARGE: { status: 431, sentence: 'The headers of the request are larger than the limit.' },
  FORMAT_NOT_POSSIBLE: { status: 422, sentence: 'The result cannot be made into this format.' },
  IDEMPOTENCY_MISMATCH: {
    status: 422,
    sentence: 'This idempotency key was already used with another request.',
  },
  RATE_LIMITED: { status: 429, sentence: 'Too many requests; wait a moment and try again.' },
  INTERNAL: {
    status: 500,
    sentence: 'Something went wrong on our side. The request id helps to find out what.',
  },
  UNAVAILABLE: { status: 503, sentence: 'Docket cannot accept this right now; try again in a moment.' },
  STORAGE_FULL: { status: 507, sentence: 'There is no room left for uploads; an operator must free some.' },
  // 507 as for a quota of WebDAV (RFC 4331, section 6): the file is not too large, the owner's space is used up.
  QUOTA_EXCEEDED: {
    status: 507,
    sentence: 'Your files use all the space that you may use; files that expire free it again.',
  },
} as const satisfies Record<string, { status: number; sentence: string }>;

export type ApiErrorCode = keyof typeof API_ERRORS;
export const API_ERROR_CODES = Object.keys(API_ERRORS) as [ApiErrorCode, ...ApiErrorCode[]];
export const ApiErrorCode = z.enum(API_ERROR_CODES);

/** Why an attempt or a job failed. A separate field holds the gateway's own reason. */
export const JOB_FAILURE_CODES = [
  'GW_4XX',
  'GW_5XX',
  'GW_TIMEOUT',
  'GW_UNREACHABLE',
  'GW_BAD_OUTPUT',
  'IO_ERROR',
  'JOB_TIMEOUT',
  'ABANDONED',
] as const;

export const JobFailureCode = z.enum(JOB_FAILURE_CODES);
export type JobFailureCode = z.infer<typeof JobFailureCode>;

/** How much of an owner's space is used. Sent with `QUOTA_EXCEEDED`, for a client that writes its own message. */
export const StorageQuota = z.object({
  usedBytes: z.number().int().min(0),
  allowedBytes: z.number().int().min(0),
});
export type StorageQuota = z.infer<typeof StorageQuota>;

/** The body of every error of the two APIs. */
export const ErrorBody = z.object({
  error: z.object({
    code: ApiErrorCode,
    message: z.string().max(500),
    requestId: z.string().max(64),
    jobId: z.string().optional(),
    quota: StorageQuota.optional(),
  }),
});
export type ErrorBody = z.infer<typeof ErrorBody>;
