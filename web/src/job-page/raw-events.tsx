import type { TimelineEntry } from '../../../schemas/http-api.ts';
import { useApp } from '../app.ts';
import { copyText } from '../page/job-actions.tsx';
import { Icon } from '../page/icons.tsx';
import { useText } from '../text/text-context.ts';

/** The record itself: every event with its revision, position, metadata and payload. */
export function RawEvents({ entries }: { entries: readonly TimelineEntry[] }) {
  const app = useApp();
  const { t } = useText();
  const json = JSON.stringify(
    entries.map(({ sentence: _sentence, ...event }) => event),
    null,
    2,
  );
  return (
    <details class="raw">
      <summary>
        {t('jobEvents')} <span class="quiet">{t('jobEventsHint')}</span>
      </summary>
      <button type="button" onClick={() => void copyText(app, json, t('eventsCopied'), t('eventsNotCopied'))}>
        <Icon name="copy" />
        {t('copyEvents')}
      </button>
      <pre tabIndex={0} role="region" aria-label={t('jobEvents')}>
        {json}
      </pre>
    </details>
  );
}
