import { z } from 'zod';

/** Every code an API answer may carry, its HTTP status and the sentence shown when nothing better is known. */
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
  METHOD_NOT_ALLOWED: { status: 405, sentence: 'This address does not take that method.' },
  REQUEST_TIMEOUT: {
    status: 408,
    sentence: 'The request did not arrive in time; try again over a better connection.',
  },
  NOT_READY: { status: 409, sentence: 'The result is not ready yet.' },
  CONFLICT: { status: 409, sentence: 'The job has moved on; this is not possible in its present state.' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, sentence: 'The body is of a type that this address does not take.' },
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
  UNAVAILABLE: { status: 503, sentence: 'Docket cannot take this right now; try again in a moment.' },
  STORAGE_FULL: { status: 507, sentence: 'There is no room left for uploads; an operator has to free some.' },
  // As a quota of WebDAV (RFC 4331, section 6): the file is not too large, the room for it is used.
  QUOTA_EXCEEDED: {
    status: 507,
    sentence: 'Your files take all the room you may use; it comes back as files expire.',
  },
} as const satisfies Record<string, { status: number; sentence: string }>;

export type ApiErrorCode = keyof typeof API_ERRORS;
export const API_ERROR_CODES = Object.keys(API_ERRORS) as [ApiErrorCode, ...ApiErrorCode[]];
export const ApiErrorCode = z.enum(API_ERROR_CODES);

/** Why an attempt or a job failed. The gateway's own reason stands beside it. */
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

/** How much of an owner's room is used: beside `QUOTA_EXCEEDED`, for a client that says it in its own words. */
export const StorageQuota = z.object({
  usedBytes: z.number().int().min(0),
  allowedBytes: z.number().int().min(0),
});
export type StorageQuota = z.infer<typeof StorageQuota>;

/** The body of every error answer of the two APIs. */
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
