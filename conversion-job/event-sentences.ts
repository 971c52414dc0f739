import type { JobEvent } from '../schemas/job-events.ts';

/** What an event means, in one plain sentence for the person who uploaded the file. */
export function sentenceOf(event: JobEvent): string {
  switch (event.type) {
    case 'DocumentUploaded':
      return `${event.data.filename} was uploaded: ${event.data.bytes} bytes, stored and verified.`;
    case 'ConversionRequested':
      return REQUESTED[event.data.by];
    case 'ConversionStarted':
      return `Attempt ${event.data.attempt} began on worker ${event.data.workerId}; its lease holds until ${event.data.leaseUntil}.`;
    case 'ConversionDeferred':
      return `Attempt ${event.data.attempt} failed with ${named(event.data)}: ${event.data.message} The next attempt is not before ${event.data.notBefore}.`;
    case 'AttemptAbandoned':
      return `Attempt ${event.data.attempt} was abandoned: ${ABANDONED[event.data.cause]}. Another worker can take over.`;
    case 'ConversionSucceeded':
      return succeeded(event.data);
    case 'ConversionFailed':
      return `The job failed for good with ${named(event.data)} after ${counted(event.data.attempts, 'attempt')}: ${event.data.message}`;
    case 'ConversionCancelled':
      return event.data.by === 'owner' ? 'The owner cancelled the job.' : 'An operator cancelled the job.';
    case 'ResultDownloaded':
      return `The result was downloaded completely: ${counted(event.data.bytes, 'byte')}.`;
    case 'ResultExpired':
      return event.data.cause === 'age'
        ? 'The keeping time of the result was over; it was removed.'
        : 'The result was removed after its first complete download.';
    case 'SourceExpired':
      return event.data.cause === 'age'
        ? 'The keeping time of the PDF was over; it was removed.'
        : 'The PDF was removed because the job was discarded.';
    default:
      return event satisfies never;
  }
}

const REQUESTED = {
  upload: 'The conversion was requested by the upload.',
  retry: 'The conversion was requested again by a retry.',
  're-upload': 'The conversion was requested again because the same file was uploaded again.',
} as const;

const ABANDONED = {
  'lease-ended': 'its lease ended without an outcome',
  'processor-silent': 'its processor stopped giving signs of life',
  shutdown: 'its processor was shut down',
} as const;

function succeeded(data: Extract<JobEvent, { type: 'ConversionSucceeded' }>['data']): string {
  const { attempt, pages, gatewayMs, result, warnings, convertedBy } = data;
  const by = convertedBy === undefined ? '' : ` by ${convertedBy.id} version ${convertedBy.version}`;
  const noted = warnings.length === 0 ? '' : ` With ${counted(warnings.length, 'warning')}.`;
  return `Attempt ${attempt} succeeded${by} in ${gatewayMs} ms: ${counted(pages, 'page')} became ${counted(result.bytes, 'byte')} of ${result.mediaType}.${noted}`;
}

function named({ code, reason }: { code: string; reason: string | null }): string {
  return reason === null ? code : `${code} (${reason})`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
