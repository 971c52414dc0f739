import type { TimelineEntry } from '../../../schemas/http-api.ts';
import { useApp } from '../app.ts';
import { useStore } from '../store.ts';
import { useText } from '../text/text-context.ts';
import { actorWords, wordsOf } from './event-sentence.ts';

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
