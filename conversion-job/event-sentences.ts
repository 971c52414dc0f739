import { EVENT_SENTENCES, eventSentence, type EventWording } from '../schemas/events/event-sentences.ts';
import type { JobEvent } from '../schemas/events/job-events.ts';

/** The English wording, with every number, time and code of the event. */
const IN_FULL: EventWording = {
  say: (key, values = {}) =>
    EVENT_SENTENCES[key].replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? '')),
  bytes: (count) => counted(count, 'byte'),
  duration: (ms) => `${ms} ms`,
  pages: (count) => counted(count, 'page'),
  time: (at) => at,
  failure: ({ message }) => message,
  exactly: (event) => {
    switch (event.type) {
      case 'ConversionStarted':
        return `; its lease holds until ${event.data.leaseUntil}`;
      case 'ConversionDeferred':
        return ` with ${named(event.data)}`;
      case 'ConversionFailed':
        return ` with ${named(event.data)} after ${counted(event.data.attempts, 'attempt')}`;
      case 'ConversionSucceeded':
        return succeededHow(event.data);
      default:
        return '';
    }
  },
};

/** The meaning of an event for the uploader of the file, in one plain English sentence. */
export function sentenceOf(event: JobEvent): string {
  return eventSentence(event, IN_FULL) ?? '';
}

function succeededHow(data: Extract<JobEvent, { type: 'ConversionSucceeded' }>['data']): string {
  const { result, warnings, convertedBy } = data;
  const by = convertedBy === undefined ? '' : ` by ${convertedBy.id} version ${convertedBy.version}`;
  const noted = warnings.length === 0 ? '' : ` with ${counted(warnings.length, 'warning')}`;
  return `${by} as ${result.mediaType}${noted}`;
}

function named({ code, reason }: { code: string; reason: string | null }): string {
  return reason === null ? code : `${code} (${reason})`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
