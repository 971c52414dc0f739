import { z } from 'zod';
import { JobFailureCode } from './error-codes.ts';
import { JobId, MappingId, OwnerId, Sha256 } from './ids.ts';

/**
 * The events of a job's stream. Every one carries `at`, the instant its command was handled: folds and decisions
 * read time from the log and never from a clock. A shape is never edited; a new one is a new version with an
 * upcaster in `job-event-versions.ts`.
 */
const At = z.iso.datetime({ precision: 3 });
const Attempt = z.number().int().min(1).max(100_000);
/** Revision of the `ConversionStarted` that an outcome belongs to: the fencing token, as decimal text. */
const FencingToken = z.string().regex(/^\d{1,19}$/);
const Sentence = z.string().max(500);
/** The gateway's own refusal, such as `PDF_ENCRYPTED`. */
const Reason = z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/);

/** Postgres keeps no text with half a surrogate pair, and a control character in a name is a fault of its document. */
const isPlainText = (text: string): boolean => text.isWellFormed() && !/\p{Cc}/u.test(text);

/** Most parameters of one conversion. */
export const MAPPING_PARAMETERS_MAX = 8;
/** What an upload tells its mapping beside the PDF, such as `termStart`: text by name. */
export const MappingParameters = z
  .record(z.string().regex(/^[a-z][A-Za-z0-9]{0,39}$/), z.string().min(1).max(400))
  .refine((all) => Object.keys(all).length <= MAPPING_PARAMETERS_MAX, 'too many parameters');

export const MappingRef = z.object({
  id: MappingId,
  version: z.number().int().min(1),
  /** Absent when the upload gave none. */
  parameters: MappingParameters.optional(),
});
export type MappingRef = z.infer<typeof MappingRef>;

/** A rule that is warned about has hyphens in its number: `BR-CO-15`. */
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
  /** Higher goes first; -10 to 10. */
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

/** The mapping that made a result, which another may have handed the document over to. */
export const ConvertedBy = z.object({ id: MappingId, version: z.number().int().min(1), contentHash: Sha256 });
export type ConvertedBy = z.infer<typeof ConvertedBy>;

/**
 * What names an invoice among all others: its seller's tax number, its number and its date, as the result writes them. The
 * same three under other bytes are the same invoice again.
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
  /** Absent when the gateway did not say. */
  convertedBy: ConvertedBy.optional(),
  /** Absent for a result that is no invoice, or does not say all three. */
  invoice: InvoiceIdentity.optional(),
});

export const ConversionFailed = z.object({
  at: At,
  /** Attempts made since the conversion was last requested. */
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

/** An event of a job's stream: what happened, as the decider and every fold see it. */
export type JobEvent = {
  [Type in JobEventType]: { readonly type: Type; readonly data: z.infer<(typeof JOB_EVENT_SCHEMAS)[Type]> };
}[JobEventType];
