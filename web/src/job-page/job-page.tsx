import type { JobView, TimelineEntry, WhyAnswer } from '../../../schemas/http-api.ts';
import { useApp } from '../app.ts';
import { writeQuery } from '../jobs/queue-query.ts';
import { canDownload, canRetry, isActive } from '../jobs/states.ts';
import { useWindowTitle } from '../page/attention.tsx';
import { Badge } from '../page/badge.tsx';
import { Emptiness } from '../page/emptiness.tsx';
import { Icon } from '../page/icons.tsx';
import { CancelButton, CopyIdButton, DownloadLink, RetryButton, ReviewButton } from '../page/job-actions.tsx';
import { RouteLink } from '../page/route-link.tsx';
import { useText } from '../text/text-context.ts';
import { JobFacts } from './job-facts.tsx';
import { useJobStory } from './job-story.ts';
import { RawEvents } from './raw-events.tsx';
import { Timeline } from './timeline.tsx';
import { Why } from './why.tsx';

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
