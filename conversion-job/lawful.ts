import type { JobEvent } from '../schemas/events/job-events.ts';
import { isActive } from '../schemas/job-states.ts';
import type { ExistingJob, Job } from './job.ts';

/**
 * Returns the reason why an event cannot come next in a job's stream; null when some command of `decide` can write
 * it. The fold ignores an impossible event, but Docket's decisions never write one. Limits from settings (attempts,
 * waits, keeping times) are not checked, because the settings may have changed.
 * @param before the previous event; null for the first event of the stream
 */
export function whyUnlawful(job: Job, event: JobEvent, before: JobEvent | null): string | null {
  if (event.type === 'DocumentUploaded') return ofUpload(job);
  if (job.state === 'absent') return 'a job begins with its upload';
  switch (event.type) {
    case 'ConversionRequested':
      return ofRequest(job, event.data.by, before);
    case 'ConversionStarted':
      if (job.state !== 'queued' && job.state !== 'waiting')
        return `a job that is ${job.state} is not started`;
      return event.data.attempt === job.attemptsEver + 1 ? null : `it is attempt ${job.attemptsEver + 1}`;
    case 'ConversionDeferred':
    case 'ConversionSucceeded':
    case 'AttemptAbandoned':
      return (
        ofOutcome(job, event.data.fencingToken) ??
        (event.data.attempt === job.attemptsEver ? null : `it ends attempt ${job.attemptsEver}`)
      );
    case 'ConversionFailed':
      if (event.data.fencingToken !== null) return ofOutcome(job, event.data.fencingToken);
      return before?.type === 'AttemptAbandoned'
        ? null
        : 'a job fails without a lease only when an attempt was abandoned';
    case 'ConversionCancelled':
      return isActive(job.state) ? null : `a job that is ${job.state} is not cancelled`;
    case 'ResultDownloaded':
      return job.state === 'ready' || job.state === 'expired' ? null : 'there is no result';
    case 'ResultExpired':
      if (job.state !== 'ready') return 'there is no result';
      return event.data.blobKey === job.conversion.result.blobKey ? null : 'it names another result';
    case 'SourceExpired':
      if (isActive(job.state)) return `the PDF of a job that is ${job.state} stays`;
      return event.data.blobKey === job.sourceBlobKey ? null : 'it names another PDF';
    default:
      return event satisfies never;
  }
}

function ofUpload(job: Job): string | null {
  if (job.state === 'absent') return null;
  return isActive(job.state) || job.state === 'ready' ? `a job that is ${job.state} needs no upload` : null;
}

function ofRequest(
  job: ExistingJob,
  by: 'upload' | 'retry' | 're-upload',
  before: JobEvent | null,
): string | null {
  const follows = before?.type === 'DocumentUploaded';
  if (by !== 'retry') return follows ? null : 'it belongs to an upload that is not there';
  if (follows || isActive(job.state) || job.state === 'ready')
    return `a job that is ${job.state} is not tried again`;
  return job.sourceBlobKey === null ? 'the PDF had been removed' : null;
}

function ofOutcome(job: ExistingJob, fencingToken: string): string | null {
  if (job.state !== 'converting') return `no attempt is running: the job is ${job.state}`;
  return job.fencingToken === fencingToken ? null : `the attempt that is running is ${job.fencingToken}`;
}
