import type { JobView, TimelineEntry, WhyAnswer } from '../../../schemas/http-api.ts';
import { useApp } from '../app.ts';
import { writeQuery } from '../jobs/queue-query.ts';
import { canDownload, canRetry, isActive } from '../jobs/states.ts';
import { useWindowTitle } from '../page/attention.tsx';
import { Badge } from '../page/badge.tsx';
import { Emptiness } from '../page/emptiness.tsx';
import { Icon } from '../page/icons.tsx';
import { CancelButton, CopyIdButton, DownloadLink, RetryButton, ReviewButton } from '../page/job-actions.tsx';
import { Moment } from '../page/moment.tsx';
import { RouteLink } from '../page/route-link.tsx';
import { errorLine } from '../text/error-text.ts';
import { useText } from '../text/text-context.ts';
import { JobFacts } from './job-facts.tsx';
import { useJobStory } from './job-story.ts';
import { RawEvents } from './raw-events.tsx';
import { Timeline } from './timeline.tsx';

/** One document: where it stands and why, what happened to it, and the record itself. */
export function JobPage({ jobId }: { jobId: string }) {
  const app = useApp();
  const { t } = useText();
  const { job, entries, why, failure, again } = useJobStory(jobId);
  useWindowTitle(job?.filename ?? t('appName'));
  return (
    <>
      <RouteLink class="back" to={`/${writeQuery(app.queue.get().view.query)}`}>
        <Icon name="back" />
        {t('backToQueue')}
      </RouteLink>
      {job === null ? (
        <NoJob failure={failure} again={again} />
      ) : (
        <Job job={job} entries={entries} why={why} />
      )}
    </>
  );
}

function Job({
  job,
  entries,
  why,
}: {
  job: JobView;
  entries: readonly TimelineEntry[] | null;
  why: WhyAnswer | null;
}) {
  const { t } = useText();
  return (
    <article class="job">
      <header class="job-head" data-row={job.jobId}>
        <h1 id="queue-title" tabIndex={-1}>
          {job.filename}
        </h1>
        <Badge state={job.state} />
        <div class="row-actions">
          {canDownload(job) && <DownloadLink job={job} />}
          {canRetry(job) && <RetryButton job={job} />}
          {isActive(job) && <CancelButton job={job} />}
          <ReviewButton job={job} />
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
      {entries !== null && <RawEvents entries={entries} />}
    </article>
  );
}

/** The present state in the reader's language, then in the decider's own words. */
function Why({ job, why }: { job: JobView; why: WhyAnswer | null }) {
  const app = useApp();
  const { t } = useText();
  const failed = job.error !== null && (job.state === 'failed' || job.state === 'waiting') ? job.error : null;
  const line =
    failed === null
      ? null
      : errorLine(t, [failed.reason, failed.code], failed.message, app.limits.get().maxUploadMb);
  return (
    <section class="why" aria-labelledby="why-title">
      <h2 id="why-title">{t('jobWhy')}</h2>
      <p>{t(`why_${job.state}`)}</p>
      {line !== null && (
        <p class={job.state === 'failed' ? 'error-line' : ''}>
          {job.state === 'failed' ? line.sentence : line.what} <code>{line.code}</code>
        </p>
      )}
      {why !== null && (
        <details>
          <summary>{t('whyInFull')}</summary>
          <p lang="en">{why.because}</p>
          {why.next !== null && (
            <p>
              <strong>{t('whyNext')}:</strong> <span lang="en">{why.next.what}</span>{' '}
              {why.next.at !== null && <Moment at={why.next.at} />}
            </p>
          )}
        </details>
      )}
    </section>
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
      <Emptiness heading="h1" title={t('jobNotFoundTitle')} hint={t('jobNotFoundHint')}>
        <RouteLink class="button" to="/">
          {t('backToQueue')}
        </RouteLink>
      </Emptiness>
    );
  return (
    <Emptiness heading="h1" title={t('unreachableTitle')} hint={t('unreachableHint')}>
      <button type="button" class="primary" onClick={again}>
        {t('tryAgain')}
      </button>
    </Emptiness>
  );
}
