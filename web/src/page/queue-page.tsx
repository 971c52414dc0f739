import { useApp } from '../app.ts';
import { isPlain, PLAIN_QUERY } from '../jobs/queue-query.ts';
import { useStore } from '../store.ts';
import { useText } from '../text/text-context.ts';
import { useWindowTitle } from './attention.tsx';
import { DropZone } from '../uploads/drop-zone.tsx';
import { EmptyState } from './empty-state.tsx';
import { line } from './line-banner.tsx';
import { QueueTable } from '../jobs/queue-table.tsx';
import { DownloadAll, SelectionBar } from '../jobs/selection-bar.tsx';
import { Toolbar, useChoice } from '../jobs/toolbar.tsx';
import { UploadsPanel } from '../uploads/uploads-panel.tsx';
import { Button } from './icons.tsx';

/** The queue page: the upload at the top, the queue below. */
export function QueuePage() {
  const app = useApp();
  const { t } = useText();
  useWindowTitle(t('appName'));
  const total = useStore(app.queue, ({ view }) => view.total);
  const loaded = useStore(app.queue, (now) => now.loaded);
  const idle = useStore(app.uploads, (now) => now.uploads.length === 0);
  return (
    <>
      <h1 class="visually-hidden">{t('appName')}</h1>
      <DropZone empty={loaded && total === 0 && idle} />
      <UploadsPanel />
      <section class="queue-section" aria-labelledby="queue-title">
        <header>
          <h2 id="queue-title" tabIndex={-1}>
            {t('queueTitle')}
          </h2>
          <DownloadAll />
        </header>
        {total > 0 && <Toolbar />}
        <SelectionBar />
        {(total > 0 || idle) && <QueueContent />}
      </section>
    </>
  );
}

/** Shows the table. If there is none, shows the reason and the only action that helps. */
function QueueContent() {
  const app = useApp();
  const { t } = useText();
  const choose = useChoice();
  const loaded = useStore(app.queue, (now) => now.loaded);
  const query = useStore(app.queue, ({ view }) => view.query);
  const hasRows = useStore(app.queue, ({ view }) => view.rows.length > 0);
  const state = useStore(line, (now) => now);
  if (hasRows) return <QueueTable />;
  if (!loaded && state === 'lost')
    return (
      <EmptyState title={t('unreachableTitle')} hint={t('unreachableHint')}>
        <Button class="primary" onClick={() => app.feed.client.reconnectNow()}>
          {t('tryAgain')}
        </Button>
      </EmptyState>
    );
  if (!loaded)
    return (
      <div class="loading" aria-busy="true">
        <p class="visually-hidden">{t('loading')}</p>
        {[1, 2, 3, 4].map((each) => (
          <div key={each} class="loading-row" />
        ))}
      </div>
    );
  if (!isPlain(query))
    return (
      <EmptyState title={t('noMatchTitle')} hint={t('noMatchHint')}>
        <Button class="primary" onClick={() => choose({ ...PLAIN_QUERY, sort: query.sort })}>
          {t('clearFilters')}
        </Button>
      </EmptyState>
    );
  // The only action for an empty queue is the drop zone directly above.
  return <EmptyState title={t('emptyTitle')} hint={t('emptyHint')} />;
}
