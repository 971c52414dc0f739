import type { TimelineEntry } from '../../../schemas/http-api.ts';
import { useApp } from '../app.ts';
import { useStore } from '../store.ts';
import { type Text, useText } from '../text/text-context.ts';
import { eventSentence, type EventWording } from '../../../schemas/event-sentences.ts';
import type { JobEvent } from '../../../schemas/job-events.ts';
import { errorLine } from '../text/error-text.ts';

/** An event in words, and the failure code it carries. */
interface EventWords {
  readonly sentence: string;
  readonly code: string | null;
}

/** `t` for a key that is chosen elsewhere, together with its values. */
type SayAny = EventWording['say'];

/**
 * What an event says, in the reader's language. A type that this page does not know yet keeps the server's own
 * sentence.
 */
function wordsOf(text: Text, entry: TimelineEntry, maxUploadMb: number): EventWords {
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
function actorWords({ t }: Text, actor: string): string {
  if (actor.startsWith('owner')) return t('byOwner');
  if (actor.startsWith('operator')) return t('byOperator');
  if (actor.startsWith('processor')) return t('byProcessor');
  return t('bySystem');
}

/** Shorter gaps than this are the machine's own pace and not worth a word. */
const GAP_TOLD_MS = 100;
/** Enough of an id to tell one command from another by eye; the whole one is on hover and in the raw events. */
const SHORT_ID = 8;

/** The events of a job in words, oldest first, with what lay between them. */
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
