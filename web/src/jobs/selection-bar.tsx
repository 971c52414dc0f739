import type { JobView } from '../../../schemas/protocols/http-api.ts';
import { useApp } from '../app.ts';
import { selectedJobs, withNothingSelected } from './queue-state.ts';
import { canDownload, canRetry, isActive } from './states.ts';
import { ZIP_IDS_MAX, ZIP_RESULTS_MAX } from './limits.ts';
import { useStore } from '../store.ts';
import { useText } from '../text/text-context.ts';
import { Button, Icon } from '../page/icons.tsx';
import { runCommand, downloadPath } from '../page/job-actions.tsx';

function bytesOf(jobs: readonly JobView[]): number {
  return jobs.reduce((sum, { result }) => sum + (result?.bytes ?? 0), 0);
}

/** Downloads all ready results as one file. The button shows number and size first. */
export function DownloadAll() {
  const app = useApp();
  const { t, formats } = useText();
  // When the count is above the limit, the button shows neither number, so the bar is not drawn again for further
  // changes.
  const count = useStore(app.queue, ({ view }) => Math.min(view.counts.ready, ZIP_RESULTS_MAX + 1));
  const bytes = useStore(app.queue, ({ view }) => (count > ZIP_RESULTS_MAX ? 0 : view.readyBytes));
  const only = useStore(app.queue, ({ jobs }) =>
    count === 1 ? [...jobs.values()].find(canDownload) : undefined,
  );
  if (count === 0) return null;
  if (count > ZIP_RESULTS_MAX)
    return <span class="quiet">{t('downloadTooMany', { limit: ZIP_RESULTS_MAX })}</span>;
  const href = only === undefined ? '/api/jobs/download?state=ready' : downloadPath(only);
  return (
    <a class="button" href={href} download id="download-all">
      <Icon name="download" />
      {t('downloadAll', { count, size: formats.bytes(bytes) })}
    </a>
  );
}

/** The actions for the selected documents. Each button shows the number of documents that it affects. */
export function SelectionBar() {
  const app = useApp();
  const text = useText();
  const { t, formats } = text;
  const queue = useStore(app.queue, (now) => (now.selected.size === 0 ? null : now));
  const jobs = queue === null ? [] : selectedJobs(queue);
  if (jobs.length === 0) return null;
  const ready = jobs.filter(canDownload);
  const retryable = jobs.filter(canRetry);
  const active = jobs.filter(isActive);
  const ids = (some: readonly JobView[]) => some.map(({ jobId }) => jobId);
  return (
    <div class="selection" role="group" aria-label={t('selectedCount', { count: jobs.length })}>
      <strong>{t('selectedCount', { count: jobs.length })}</strong>
      {ready.length > ZIP_IDS_MAX && (
        <span class="quiet">{t('downloadTooMany', { limit: ZIP_IDS_MAX })}</span>
      )}
      {ready[0] !== undefined && ready.length <= ZIP_IDS_MAX && (
        <a
          class="button"
          download
          href={
            ready.length === 1 ? downloadPath(ready[0]) : `/api/jobs/download?ids=${ids(ready).join(',')}`
          }
        >
          <Icon name="download" />
          {t('selectedDownload', { count: ready.length, size: formats.bytes(bytesOf(ready)) })}
        </a>
      )}
      {retryable.length > 0 && (
        <Button
          icon="retry"
          onClick={() => void runCommand(app, text, { name: 'retry', jobIds: ids(retryable) })}
        >
          {t('selectedRetry', { count: retryable.length })}
        </Button>
      )}
      {active.length > 0 && (
        <Button
          icon="close"
          onClick={() => void runCommand(app, text, { name: 'cancel', jobIds: ids(active) })}
        >
          {t('selectedCancel', { count: active.length })}
        </Button>
      )}
      <Button
        class="quiet-button"
        onClick={() => {
          app.queue.update(withNothingSelected);
          document.querySelector<HTMLElement>('#search')?.focus({ preventScroll: true });
        }}
      >
        {t('clearSelection')}
      </Button>
    </div>
  );
}
