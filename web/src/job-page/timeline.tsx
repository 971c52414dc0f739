import type { TimelineEntry } from '../../../schemas/protocols/http-api.ts';
import { useApp } from '../app.ts';
import { useStore } from '../store.ts';
import { type Text, useText } from '../text/text-context.ts';
import { eventSentence, type EventWording } from '../../../schemas/events/event-sentences.ts';
import type { JobEvent } from '../../../schemas/events/job-events.ts';
import { errorLine } from '../text/error-text.ts';

/** An event in words, with its failure code. */
interface EventWords {
  readonly sentence: string;
  readonly code: string | null;
}

/** Returns the sentence for a key, like `t`, when the key is only known at run time. */
type SayAny = EventWording['say'];

/** The text of an event in the reader's language. For an unknown type, it returns the server's own sentence. */
function wordsOf(text: Text, entry: TimelineEntry, maxUploadMb: number): EventWords {
  const { t, formats } = text;
  // The server has checked the event against its schema.
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

/** The actor of an event in words. The metadata has `owner:<id>`, `processor:<id>`, `operator` or `system`. */
function actorWords({ t }: Text, actor: string): string {
  if (actor.startsWith('owner')) return t('byOwner');
  if (actor.startsWith('operator')) return t('byOperator');
  if (actor.startsWith('processor')) return t('byProcessor');
  return t('bySystem');
}

/** Shorter gaps are not shown, because they are only the processing time of the machine. */
const GAP_TOLD_MS = 100;
/** Number of characters that tell two commands apart. The whole id is in the tooltip and in the raw events. */
const SHORT_ID = 8;

/** The events of a job in words, oldest first, with the time between them. */
export function Timeline({ entries }: { entries: readonly TimelineEntry[] }) {
  return (
    <ol class="timeline">
      {entries.map((entry, index) => (
        <TimelineItem key={entry.revision} entry={entry} before={entries[index - 1]} />
      ))}
    </ol>
  );
}

function TimelineItem({ entry, before }: { entry: TimelineEntry; before: TimelineEntry | undefined }) {
  const app = useApp();
  const text = useText();
  const { t, formats } = text;
  const maxUploadMb = useStore(app.limits, (now) => now.maxUploadMb);
  const { sentence, code } = wordsOf(text, entry, maxUploadMb);
  const gapMs = before === undefined ? 0 : Date.parse(entry.at) - Date.parse(before.at);
  return (
    <li data-type={entry.type}>
      <time dateTime={entry.at} title={formats.exact(entry.at)}>
        {formats.clockSeconds(entry.at)}
      </time>
      <div>
        <p>
          {sentence} {code !== null && <code>{code}</code>}
        </p>
        <p class="quiet">
          {actorWords(text, entry.actor)}
          {gapMs >= GAP_TOLD_MS && ` · ${t('timelineAfter', { duration: formats.duration(gapMs) })}`}
          {entry.causationId !== before?.causationId && (
            <span title={entry.causationId}>
              {` · ${t('timelineCause', { id: entry.causationId.slice(0, SHORT_ID) })}`}
            </span>
          )}
        </p>
      </div>
    </li>
  );
}
