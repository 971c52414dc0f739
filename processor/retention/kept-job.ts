import { isResultKeyOf } from '../../blob-store/blob-key.ts';
import type { Refusal } from '../../conversion-job/decide.ts';
import type { JobDecider } from '../../conversion-job/decider.ts';
import { ABSENT, type Job } from '../../conversion-job/job.ts';
import type { Settings } from '../../schemas/settings/config.ts';
import type { JobEvent } from '../../schemas/events/job-events.ts';

/** The times for which files are kept. */
export interface KeepingPolicy {
  readonly sourceTtlMs: number;
  readonly resultTtlMs: number;
  readonly deleteResultOnDownload: boolean;
}

const DAY_MS = 24 * 60 * 60 * 1000;

export function keepingPolicyOf(
  settings: Pick<Settings, 'PDF_TTL_DAYS' | 'XML_TTL_DAYS' | 'DELETE_XML_ON_FIRST_DOWNLOAD'>,
): KeepingPolicy {
  return {
    sourceTtlMs: settings.PDF_TTL_DAYS * DAY_MS,
    resultTtlMs: settings.XML_TTL_DAYS * DAY_MS,
    deleteResultOnDownload: settings.DELETE_XML_ON_FIRST_DOWNLOAD,
  };
}

/** A job with the instants from which its keeping times count, ISO 8601 or null. */
export interface KeptJob {
  readonly job: Job;
  readonly uploadedAt: string | null;
  readonly succeededAt: string | null;
  /** The first complete download of the current result. */
  readonly downloadedAt: string | null;
}

export type FileKind = 'source' | 'result';

/** The question whether retention may remove one file. */
export interface ReleaseFile {
  readonly kind: FileKind;
  readonly blobKey: string;
  /** ISO 8601 in UTC with milliseconds. */
  readonly at: string;
}

/**
 * Folds a job's stream, and decides from this stream alone which files retention may remove (promise 6). Both
 * functions are pure.
 */
export interface KeepingDecider {
  readonly initial: KeptJob;
  readonly evolve: (kept: KeptJob, event: JobEvent, revision: bigint) => KeptJob;
  /** Decides. Without events and without a refusal, nothing refers to the file any more. */
  readonly decide: (
    command: ReleaseFile,
    kept: KeptJob,
  ) => { readonly accepted: readonly JobEvent[] } | { readonly refused: Refusal };
}

export function keepingDecider(jobs: JobDecider, policy: KeepingPolicy): KeepingDecider {
  return {
    initial: { job: ABSENT, uploadedAt: null, succeededAt: null, downloadedAt: null },
    evolve: (kept, event, revision) => evolve(jobs, kept, event, revision),
    decide: ({ kind, blobKey, at }, kept) => {
      if (!refersTo(kept.job, blobKey)) return { accepted: [] };
      const cause = overdueBy(kept, kind, at, policy);
      if (cause === null) return refuse('TOO_EARLY', 'The keeping time of this file is not over.');
      if (kind === 'result') return jobs.decide({ type: 'ExpireResult', at, cause }, kept.job);
      return jobs.decide({ type: 'ExpireSource', at, cause: 'age' }, kept.job);
    },
  };
}

/** True when the job needs the blob now, or when a running attempt is about to write it. */
export function refersTo(job: Job, blobKey: string): boolean {
  if (job.state === 'absent') return false;
  if (job.sourceBlobKey === blobKey) return true;
  if (job.state === 'ready') return job.conversion.result.blobKey === blobKey;
  return job.state === 'converting' && isResultKeyOf(job.jobId, job.fencingToken, blobKey);
}

function evolve(jobs: JobDecider, kept: KeptJob, event: JobEvent, revision: bigint): KeptJob {
  const job = jobs.evolve(kept.job, event, revision);
  const { at } = event.data;
  switch (event.type) {
    case 'DocumentUploaded':
      return { ...kept, job, uploadedAt: at };
    case 'ConversionSucceeded':
      return job.state === 'ready' && kept.job.state !== 'ready'
        ? { ...kept, job, succeededAt: at, downloadedAt: null }
        : { ...kept, job };
    case 'ResultDownloaded':
      return { ...kept, job, downloadedAt: kept.downloadedAt ?? at };
    default:
      return { ...kept, job };
  }
}

function overdueBy(
  kept: KeptJob,
  kind: FileKind,
  at: string,
  policy: KeepingPolicy,
): 'age' | 'first-download' | null {
  const isOver = (since: string | null, ttlMs: number): boolean =>
    since !== null && Date.parse(at) - Date.parse(since) >= ttlMs;
  if (kind === 'source') return isOver(kept.uploadedAt, policy.sourceTtlMs) ? 'age' : null;
  if (policy.deleteResultOnDownload && kept.downloadedAt !== null) return 'first-download';
  return isOver(kept.succeededAt, policy.resultTtlMs) ? 'age' : null;
}

function refuse(code: Refusal['code'], rule: string): { refused: Refusal } {
  return { refused: { code, rule } };
}
