import { z } from 'zod';
import { ERROR_SENTENCES } from './error-sentences.ts';

/** Every code of an API error, with its HTTP status and its default sentence. */
export const API_ERRORS = {
  NOT_PDF: { status: 400, sentence: ERROR_SENTENCES.NOT_PDF },
  TOO_LARGE: { status: 413, sentence: ERROR_SENTENCES.TOO_LARGE },
  UNKNOWN_MAPPING: { status: 400, sentence: ERROR_SENTENCES.UNKNOWN_MAPPING },
  BAD_REQUEST: { status: 400, sentence: ERROR_SENTENCES.BAD_REQUEST },
  UNAUTHENTICATED: { status: 401, sentence: ERROR_SENTENCES.UNAUTHENTICATED },
  FORBIDDEN: { status: 403, sentence: ERROR_SENTENCES.FORBIDDEN },
  NOT_FOUND: { status: 404, sentence: ERROR_SENTENCES.NOT_FOUND },
  EXPIRED: { status: 404, sentence: ERROR_SENTENCES.EXPIRED },
  METHOD_NOT_ALLOWED: { status: 405, sentence: ERROR_SENTENCES.METHOD_NOT_ALLOWED },
  REQUEST_TIMEOUT: { status: 408, sentence: ERROR_SENTENCES.REQUEST_TIMEOUT },
  NOT_READY: { status: 409, sentence: ERROR_SENTENCES.NOT_READY },
  CONFLICT: { status: 409, sentence: ERROR_SENTENCES.CONFLICT },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, sentence: ERROR_SENTENCES.UNSUPPORTED_MEDIA_TYPE },
  HEADERS_TOO_LARGE: { status: 431, sentence: ERROR_SENTENCES.HEADERS_TOO_LARGE },
  FORMAT_NOT_POSSIBLE: { status: 422, sentence: ERROR_SENTENCES.FORMAT_NOT_POSSIBLE },
  IDEMPOTENCY_MISMATCH: { status: 422, sentence: ERROR_SENTENCES.IDEMPOTENCY_MISMATCH },
  RATE_LIMITED: { status: 429, sentence: ERROR_SENTENCES.RATE_LIMITED },
  INTERNAL: { status: 500, sentence: ERROR_SENTENCES.INTERNAL },
  UNAVAILABLE: { status: 503, sentence: ERROR_SENTENCES.UNAVAILABLE },
  STORAGE_FULL: { status: 507, sentence: ERROR_SENTENCES.STORAGE_FULL },
  // WebDAV also uses 507 for a used-up quota (RFC 4331, section 6). The file is not too large; the owner's space is
  // used up.
  QUOTA_EXCEEDED: { status: 507, sentence: ERROR_SENTENCES.QUOTA_EXCEEDED },
} as const satisfies Record<string, { status: number; sentence: string }>;

export type ApiErrorCode = keyof typeof API_ERRORS;
export const API_ERROR_CODES = Object.keys(API_ERRORS) as [ApiErrorCode, ...ApiErrorCode[]];
export const ApiErrorCode = z.enum(API_ERROR_CODES);

/** The reasons why an attempt or a job can fail. A separate field holds the gateway's own reason. */
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

/**
 * The used and allowed space of an owner. It is sent with `QUOTA_EXCEEDED`, for a client that writes its own message.
 */
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
