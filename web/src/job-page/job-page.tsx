import type { JobView, TimelineEntry, WhyAnswer } from '../../../schemas/protocols/http-api.ts';
import { useApp, type JobsBase } from '../app.ts';
import { writeQuery } from '../jobs/queue-query.ts';
import { canDownload, canRetry, isActive } from '../jobs/states.ts';
import { useWindowTitle } from '../page/attention.tsx';
import { Badge } from '../page/badge.tsx';
import { EmptyState } from '../page/empty-state.tsx';
import { Button, Icon } from '../page/icons.tsx';
import { FormatMenu } from '../page/format-menu.tsx';
import { CommandButton, CopyIdButton, copyText, DownloadLink, ReviewButton } from '../page/job-actions.tsx';
import { RouteLink } from '../page/route-link.tsx';
import { OPS_PATH } from '../router.ts';
import { useText } from '../text/text-context.ts';
import { JobFacts } from './job-facts.tsx';
import { useJobStory } from './job-story.ts';
import { Timeline } from './timeline.tsx';
import { Why } from './why.tsx';
import type { FunctionComponent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useStore } from '../store.ts';

/**
 * One document: its state and the reason, its history, the page beside the result, and the raw events. For operators,
 * this page shows the job of any owner.
 */
export function JobPage({ jobId, base = '/api/jobs' }: { jobId: string; base?: JobsBase }) {
  const app = useApp();
  const { t } = useText();
  const { job, entries, why, failure, again } = useJobStory(jobId, base);
  useWindowTitle(job?.filename ?? t('appName'));
  const isOwn = base === '/api/jobs';
  return (
    <>
      <RouteLink class="back" to={isOwn ? `/${writeQuery(app.queue.get().view.query)}` : OPS_PATH}>
        <Icon name="back" />
        {t(isOwn ? 'backToQueue' : 'operations')}
      </RouteLink>
      {job === null ? (
        <NoJob failure={failure} again={again} />
      ) : (
        <Job job={job} base={base} entries={entries} why={why} />
      )}
    </>
  );
}

function Job({
  job,
  base,
  entries,
  why,
}: {
  job: JobView;
  base: JobsBase;
  entries: readonly TimelineEntry[] | null;
  why: WhyAnswer | null;
}) {
  const { t } = useText();
  const isOwn = base === '/api/jobs';
  return (
    <article class="job">
      <header class="job-head" data-row={job.jobId}>
        <h1 id="queue-title" tabIndex={-1}>
          {job.filename}
        </h1>
        <Badge state={job.state} />
        <div class="row-actions">
          {isOwn && canDownload(job) && <DownloadLink job={job} />}
          {isOwn && canDownload(job) && <FormatMenu job={job} />}
          {canRetry(job) && <CommandButton name="retry" job={job} base={base} />}
          {isActive(job) && <CommandButton name="cancel" job={job} base={base} />}
          {isOwn && <ReviewButton job={job} />}
          <CopyIdButton job={job} />
        </div>
      </header>
      <div class="job-columns">
        <div>
          <Why job={job} why={why} />
          <section aria-labelledby="timeline-title">
            <h2 id="timeline-title">{t('jobTimeline')}</h2>
            {entries === null ? <div class="loading-row" /> : <Timeline entries={entries} />}
          </section>
        </div>
        <JobFacts job={job} />
      </div>
      <ReadingPanel job={job} base={base} />
      {entries !== null && <RawEvents entries={entries} />}
    </article>
  );
}

function NoJob({ failure, again }: { failure: { status: number } | null; again: () => void }) {
  const { t } = useText();
  if (failure === null)
    return (
      <div class="loading" aria-busy="true">
        <h1 class="visually-hidden" id="queue-title" tabIndex={-1}>
          {t('jobLoading')}
        </h1>
        <div class="loading-row" />
        <div class="loading-row" />
      </div>
    );
  if (failure.status === 404)
    return (
      <EmptyState heading="h1" title={t('jobNotFoundTitle')} hint={t('jobNotFoundHint')}>
        <RouteLink class="button" to="/">
          {t('backToQueue')}
        </RouteLink>
      </EmptyState>
    );
  return (
    <EmptyState heading="h1" title={t('unreachableTitle')} hint={t('unreachableHint')}>
      <Button class="primary" onClick={again}>
        {t('tryAgain')}
      </Button>
    </EmptyState>
  );
}

/** The raw events, with revision, position, metadata and payload. */
function RawEvents({ entries }: { entries: readonly TimelineEntry[] }) {
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
      <Button icon="copy" onClick={() => void copyText(app, json, t('eventsCopied'), t('eventsNotCopied'))}>
        {t('copyEvents')}
      </Button>
      <pre tabIndex={0} role="region" aria-label={t('jobEvents')}>
        {json}
      </pre>
    </details>
  );
}

type ReadingComponent = FunctionComponent<{ job: JobView; base: string }>;

/** The document beside its result. The panel loads its code and the gateway's data when it is opened. */
function ReadingPanel({ job, base }: { job: JobView; base: string }) {
  const app = useApp();
  const { t } = useText();
  const open = useStore(app.preferences, (now) => now.reading);
  const [Reading, setReading] = useState<ReadingComponent | null>(null);
  useEffect(() => {
    if (open) void import('./reading/reading.tsx').then((loaded) => setReading(() => loaded.Reading));
  }, [open]);
  if (job.state !== 'ready' && job.state !== 'failed') return null;
  return (
    <details
      class="raw"
      open={open}
      onToggle={(event) => {
        const reading = event.currentTarget.open;
        app.preferences.update((now) => (now.reading === reading ? now : { ...now, reading }));
      }}
    >
      <summary>
        {t('jobReading')} <span class="quiet">{t('jobReadingHint')}</span>
      </summary>
      {open && Reading !== null && <Reading key={job.jobId} job={job} base={base} />}
    </details>
  );
}
