import { z } from 'zod';
import { JobFailureCode } from '../errors/error-codes.ts';
import { JobId, MappingId, OwnerId, Sha256 } from '../ids.ts';

/**
 * The events of a job's stream. Each has `at`, the instant when its command was handled. Folds and decisions read
 * time from the log and never from a clock. The shape of an event is never edited; a new shape is a new version with
 * an upcaster in `event-versions.ts`.
 */
const At = z.iso.datetime({ precision: 3 });
const Attempt = z.number().int().min(1).max(100_000);
/** The fencing token: the revision of the `ConversionStarted` to which an outcome belongs, as decimal text. */
const FencingToken = z.string().regex(/^\d{1,19}$/);
const Sentence = z.string().max(500);
/** The gateway's own refusal, such as `PDF_ENCRYPTED`. */
const Reason = z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/);

/** Postgres cannot store half a surrogate pair. A control character in a name is a fault of the document. */
const isPlainText = (text: string): boolean => text.isWellFormed() && !/\p{Cc}/u.test(text);

/** Most parameters of one conversion. */
export const MAPPING_PARAMETERS_MAX = 8;
/** Text values by name that an upload gives to its mapping beside the PDF, such as `termStart`. */
export const MappingParameters = z
  .record(z.string().regex(/^[a-z][A-Za-z0-9]{0,39}$/), z.string().min(1).max(400))
  .refine((all) => Object.keys(all).length <= MAPPING_PARAMETERS_MAX, 'too many parameters');

export const MappingRef = z.object({
  id: MappingId,
  version: z.number().int().min(1),
  /** Absent when the upload gave no parameters. */
  parameters: MappingParameters.optional(),
});
export type MappingRef = z.infer<typeof MappingRef>;

/** Hyphens are allowed, because a warning may carry the number of a rule: `BR-CO-15`. */
const WarningCode = z.string().regex(/^[A-Z][A-Z0-9_-]{0,63}$/);
export const Warning = z.object({ code: WarningCode, message: Sentence });
export type Warning = z.infer<typeof Warning>;

export const DocumentUploaded = z.object({
  at: At,
  jobId: JobId,
  owner: OwnerId,
  filename: z.string().min(1).max(400),
  bytes: z.number().int().min(1),
  sha256: Sha256,
  blobKey: z.string().min(1).max(200),
  mapping: MappingRef,
});

export const ConversionRequested = z.object({
  at: At,
  by: z.enum(['upload', 'retry', 're-upload']),
  /** The priority, from -10 to 10. Jobs with a higher number go first. */
  priority: z.number().int().min(-10).max(10),
});

export const ConversionStarted = z.object({
  at: At,
  attempt: Attempt,
  workerId: z.string().min(1).max(100),
  leaseUntil: At,
});

export const ConversionDeferred = z.object({
  at: At,
  attempt: Attempt,
  fencingToken: FencingToken,
  code: JobFailureCode,
  reason: Reason.nullable(),
  message: Sentence,
  notBefore: At,
});

export const AttemptAbandoned = z.object({
  at: At,
  attempt: Attempt,
  fencingToken: FencingToken,
  cause: z.enum(['lease-ended', 'processor-silent', 'shutdown']),
});

export const ResultRef = z.object({
  blobKey: z.string().min(1).max(200),
  sha256: Sha256,
  bytes: z.number().int().min(1),
  mediaType: z.string().min(3).max(100),
});
export type ResultRef = z.infer<typeof ResultRef>;

/** The mapping that made a result. The requested mapping may have passed the document to it. */
export const ConvertedBy = z.object({ id: MappingId, version: z.number().int().min(1), contentHash: Sha256 });
export type ConvertedBy = z.infer<typeof ConvertedBy>;

/**
 * Identifies an invoice: the tax number of its seller, its number and its date, as the result contains them. Two
 * files with the same three values contain the same invoice.
 */
export const InvoiceIdentity = z.object({
  sellerTaxId: z.string().min(1).max(60).refine(isPlainText),
  number: z.string().min(1).max(100).refine(isPlainText),
  issueDate: z.iso.date(),
});
export type InvoiceIdentity = z.infer<typeof InvoiceIdentity>;

export const ConversionSucceeded = z.object({
  at: At,
  attempt: Attempt,
  fencingToken: FencingToken,
  result: ResultRef,
  pages: z.number().int().min(0),
  gatewayMs: z.number().int().min(0),
  warnings: z.array(Warning).max(50),
  /** Absent when the gateway sent none. */
  convertedBy: ConvertedBy.optional(),
  /** Absent when the result is no invoice, or when it lacks the tax number, the number or the date. */
  invoice: InvoiceIdentity.optional(),
});

export const ConversionFailed = z.object({
  at: At,
  /** Number of attempts since the conversion was last requested. */
  attempts: z.number().int().min(0),
  fencingToken: FencingToken.nullable(),
  code: JobFailureCode,
  reason: Reason.nullable(),
  message: Sentence,
});

export const ConversionCancelled = z.object({ at: At, by: z.enum(['owner', 'operator']) });
export const ResultDownloaded = z.object({ at: At, bytes: z.number().int().min(0) });
export const ResultExpired = z.object({
  at: At,
  blobKey: z.string().min(1),
  cause: z.enum(['age', 'first-download']),
});
export const SourceExpired = z.object({
  at: At,
  blobKey: z.string().min(1),
  cause: z.enum(['age', 'discard']),
});

/** Current schema of each event type of a job's stream. */
export const JOB_EVENT_SCHEMAS = {
  DocumentUploaded,
  ConversionRequested,
  ConversionStarted,
  ConversionDeferred,
  AttemptAbandoned,
  ConversionSucceeded,
  ConversionFailed,
  ConversionCancelled,
  ResultDownloaded,
  ResultExpired,
  SourceExpired,
} as const;

export type JobEventType = keyof typeof JOB_EVENT_SCHEMAS;

/** An event of a job's stream, as the decider and every fold see it. */
export type JobEvent = {
  [Type in JobEventType]: { readonly type: Type; readonly data: z.infer<(typeof JOB_EVENT_SCHEMAS)[Type]> };
}[JobEventType];
