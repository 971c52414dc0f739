import type { JobEvent } from './job-events.ts';

/**
 * The English sentences for the events of a job, for the page, the terminal and the API. Values replace the names in
 * braces. `{exactly}` stands for details that not every reader shows: codes, the end of a lease, the mapping.
 *
 * The page loads this file, so it imports only types.
 */
export const EVENT_SENTENCES = {
  event_DocumentUploaded: '{filename} was uploaded ({size}), stored and verified.',
  event_ConversionRequested_upload: 'The conversion was requested by the upload.',
  event_ConversionRequested_retry: 'The conversion was requested again by a retry.',
  event_ConversionRequested_reupload:
    'The conversion was requested again: the same file was uploaded once more.',
  event_ConversionStarted: 'Attempt {attempt} began on worker {worker}{exactly}.',
  event_ConversionDeferred: 'Attempt {attempt} failed{exactly}: {what} The next one is not before {time}.',
  event_AttemptAbandoned_lease: 'Attempt {attempt} was abandoned: its lease ended without an outcome.',
  event_AttemptAbandoned_silent: 'Attempt {attempt} was abandoned: its processor gave no more sign of life.',
  event_AttemptAbandoned_shutdown: 'Attempt {attempt} was given back: its processor was shut down.',
  event_ConversionSucceeded:
    'Attempt {attempt} succeeded{exactly} after {duration} in the converter: {pages}, {size}.',
  event_ConversionFailed: 'The job failed for good{exactly}: {what}',
  event_ConversionCancelled_owner: 'The owner cancelled the job.',
  event_ConversionCancelled_operator: 'An operator cancelled the job.',
  event_ResultDownloaded: 'The result was downloaded completely ({size}).',
  event_ResultExpired_age: 'The keeping time of the result was over; it was removed.',
  event_ResultExpired_download: 'The result was removed after its first complete download.',
  event_SourceExpired_age: 'The keeping time of the PDF was over; it was removed.',
  event_SourceExpired_discard: 'The PDF was removed because the job was discarded.',
} as const;

export type EventSentenceKey = keyof typeof EVENT_SENTENCES;

/** The way in which values are written for one kind of reader. */
export interface EventWording {
  say(key: EventSentenceKey, values?: Readonly<Record<string, string | number>>): string;
  bytes(count: number): string;
  duration(ms: number): string;
  pages(count: number): string;
  /**
   * Formats an instant.
   * @param at ISO 8601
   */
  time(at: string): string;
  /** The reason why an attempt failed, as one whole sentence. */
  failure(failure: {
    readonly code: string;
    readonly reason: string | null;
    readonly message: string;
  }): string;
  /** The text for `{exactly}`; without this function the text is empty. */
  exactly?(event: JobEvent): string;
}

const REQUESTED = {
  upload: 'event_ConversionRequested_upload',
  retry: 'event_ConversionRequested_retry',
  're-upload': 'event_ConversionRequested_reupload',
} as const;

const ABANDONED = {
  'lease-ended': 'event_AttemptAbandoned_lease',
  'processor-silent': 'event_AttemptAbandoned_silent',
  shutdown: 'event_AttemptAbandoned_shutdown',
} as const;

/** The sentence of an event; null for a type that this build does not know. The function is pure. */
export function eventSentence(event: JobEvent, words: EventWording): string | null {
  const exactly = words.exactly?.(event) ?? '';
  switch (event.type) {
    case 'DocumentUploaded': {
      const { filename, bytes } = event.data;
      return words.say('event_DocumentUploaded', { filename, size: words.bytes(bytes) });
    }
    case 'ConversionRequested':
      return words.say(REQUESTED[event.data.by]);
    case 'ConversionStarted': {
      const { attempt, workerId: worker } = event.data;
      return words.say('event_ConversionStarted', { attempt, worker, exactly });
    }
    case 'ConversionDeferred': {
      const { attempt, notBefore } = event.data;
      const what = words.failure(event.data);
      return words.say('event_ConversionDeferred', { attempt, exactly, what, time: words.time(notBefore) });
    }
    case 'AttemptAbandoned':
      return words.say(ABANDONED[event.data.cause], { attempt: event.data.attempt });
    case 'ConversionSucceeded': {
      const { attempt, gatewayMs, pages, result } = event.data;
      return words.say('event_ConversionSucceeded', {
        attempt,
        exactly,
        duration: words.duration(gatewayMs),
        pages: words.pages(pages),
        size: words.bytes(result.bytes),
      });
    }
    case 'ConversionFailed':
      return words.say('event_ConversionFailed', { exactly, what: words.failure(event.data) });
    case 'ConversionCancelled':
      return words.say(
        event.data.by === 'owner' ? 'event_ConversionCancelled_owner' : 'event_ConversionCancelled_operator',
      );
    case 'ResultDownloaded':
      return words.say('event_ResultDownloaded', { size: words.bytes(event.data.bytes) });
    case 'ResultExpired':
      return words.say(
        event.data.cause === 'age' ? 'event_ResultExpired_age' : 'event_ResultExpired_download',
      );
    case 'SourceExpired':
      return words.say(
        event.data.cause === 'age' ? 'event_SourceExpired_age' : 'event_SourceExpired_discard',
      );
    default:
      event satisfies never;
      return null;
  }
}
