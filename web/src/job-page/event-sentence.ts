import { eventSentence, type EventWording } from '../../../schemas/event-sentences.ts';
import type { JobEvent } from '../../../schemas/job-events.ts';
import type { TimelineEntry } from '../../../schemas/http-api.ts';
import { errorLine } from '../text/error-text.ts';
import type { Text } from '../text/text-context.ts';

/** An event in words, and the failure code it carries. */
export interface EventWords {
  readonly sentence: string;
  readonly code: string | null;
}

/** `t` for a key that is chosen elsewhere, together with its values. */
type SayAny = EventWording['say'];

/**
 * What an event says, in the reader's language. A type that this page does not know yet keeps the server's own
 * sentence.
 */
export function wordsOf(text: Text, entry: TimelineEntry, maxUploadMb: number): EventWords {
  const { t, formats } = text;
  // the server has checked the event against its schema before it became an entry
  const event = { type: entry.type, data: entry.data } as unknown as JobEvent;
  const lineOf = (data: { code: string; reason: string | null; message: string }) =>
    errorLine(t, [data.reason, data.code], data.message, maxUploadMb);
  const sentence = eventSentence(event, {
    say: (key, values = {}) => (t as SayAny)(key, values),
    bytes: (count) => formats.bytes(count),
    duration: (ms) => formats.duration(ms),
    pages: (count) => t('pages', { count }),
    time: (at) => formats.clockSeconds(at),
    failure: (data) => (event.type === 'ConversionDeferred' ? lineOf(data).what : lineOf(data).sentence),
  });
  const isFailure = event.type === 'ConversionDeferred' || event.type === 'ConversionFailed';
  return { sentence: sentence ?? entry.sentence, code: isFailure ? lineOf(event.data).code : null };
}

/** Who caused an event, in words: the metadata's actor is `owner:<id>`, `processor:<id>`, `operator` or `system`. */
export function actorWords({ t }: Text, actor: string): string {
  if (actor.startsWith('owner')) return t('byOwner');
  if (actor.startsWith('operator')) return t('byOperator');
  if (actor.startsWith('processor')) return t('byProcessor');
  return t('bySystem');
}
