import { useEffect, useRef } from 'preact/hooks';
import { memo } from '../memo.ts';
import type { JobView } from '../../../schemas/protocols/http-api.ts';
import { useApp } from '../app.ts';
import { withSelected } from './queue-state.ts';
import { canDownload, canRetry, isActive } from './states.ts';
import { jobPath } from '../router.ts';
import { useStore } from '../store.ts';
import { errorLine } from '../text/error-text.ts';
import { mappingLabel } from '../text/mapping-label.ts';
import { useText } from '../text/text-context.ts';
import { Badge } from '../page/badge.tsx';
import { clock, Moment } from '../page/moment.tsx';
import { FormatMenu } from '../page/format-menu.tsx';
import { Icon } from '../page/icons.tsx';
import { CommandButton, CopyIdButton, DownloadLink, ReviewButton } from '../page/job-actions.tsx';
import { RouteLink } from '../page/route-link.tsx';

interface JobRowProps {
  readonly job: JobView;
  /**
   * Index of the row in the whole list, set when not every row is drawn. It begins at 2, because the header
   * is 1.
   */
  readonly rowIndex: number | undefined;
  readonly selected: boolean;
}

/** One document: its name, its state, and its actions. It is drawn again only when one of these properties changes. */
export const JobRow = memo(function JobRow({ job, rowIndex, selected }: JobRowProps) {
  const app = useApp();
  const { t, formats } = useText();
  return (
    <tr
      data-row={job.jobId}
      data-state={job.state}
      aria-rowindex={rowIndex}
      aria-selected={selected ? true : undefined}
    >
      <td class="c-select">
        <label class="tick">
          <input
            type="checkbox"
            checked={selected}
            aria-label={t('selectOf', { filename: job.filename })}
            onChange={(event) => {
              const on = event.currentTarget.checked;
              app.queue.update((state) => withSelected(state, [job.jobId], on));
            }}
          />
        </label>
      </td>
      <th scope="row" class="c-file">
        <RouteLink to={jobPath(job.jobId)} class="filename" title={job.filename}>
          {job.filename}
        </RouteLink>
        <JobNote job={job} />
      </th>
      <td class="c-state">
        <Badge state={job.state} />
      </td>
      <td class="c-size">
        {formats.bytes(job.bytes)}
        {job.pages !== null && <span class="quiet"> · {t('pages', { count: job.pages })}</span>}
      </td>
      <td class="c-time">
        <Moment at={job.createdAt} />
      </td>
      <td class="c-actions">
        <div class="row-actions">
          {canDownload(job) && <DownloadLink job={job} />}
          {canDownload(job) && <FormatMenu job={job} />}
          {canRetry(job) && <CommandButton name="retry" job={job} />}
          {isActive(job) && <CommandButton name="cancel" job={job} />}
          <ReviewButton job={job} />
          <CopyIdButton job={job} />
        </div>
      </td>
    </tr>
  );
});

/** The line under a file's name: the reason of a failure, the time of the next attempt, or the mapping. */
function JobNote({ job }: { job: JobView }) {
  const app = useApp();
  const { t } = useText();
  if (job.error !== null && (job.state === 'failed' || job.state === 'waiting')) {
    const { code, reason, message } = job.error;
    const line = errorLine(t, [reason, code], message, app.limits.get().maxUploadMb);
    const failed = job.state === 'failed';
    return (
      <span class={failed ? 'note error-line' : 'note'} title={`${message} ${line.code}`}>
        {!failed && <NextAttempt at={job.nextAttemptAt} />} {failed ? line.sentence : line.what}{' '}
        <code>{reason ?? code}</code>
      </span>
    );
  }
  return (
    <span class="note">
      {mappingLabel(t, job.mapping)}
      {job.warnings.length > 0 && (
        <span class="warnings">
          <Icon name="warning" />
          {t('warnings', { count: job.warnings.length })}
        </span>
      )}
      {job.convertedBefore !== null && (
        <span class="warnings">
          <ConvertedBefore before={job.convertedBefore} />
        </span>
      )}
    </span>
  );
}

/** A link to the job that converted the same invoice from another file earlier. */
export function ConvertedBefore({ before }: { before: NonNullable<JobView['convertedBefore']> }) {
  const { t, formats } = useText();
  const when = useStore(clock, (now) => formats.relative(before.at, now));
  return (
    <RouteLink to={jobPath(before.jobId)} class="converted-before" title={formats.exact(before.at)}>
      <Icon name="copy" />
      {t('convertedBefore', { filename: before.filename, when })}
    </RouteLink>
  );
}

function NextAttempt({ at }: { at: string | null }) {
  const { t, formats } = useText();
  const when = useStore(clock, (now) => (at === null ? '' : formats.relative(at, now)));
  return <>{when === '' ? '' : t('nextAttempt', { when })}</>;
}

/** The checkbox for all rows; half checked when only some rows are selected. */
export function SelectAll({ jobs, selected }: { jobs: readonly JobView[]; selected: ReadonlySet<string> }) {
  const app = useApp();
  const { t } = useText();
  const box = useRef<HTMLInputElement>(null);
  const count =
    selected.size === 0 ? 0 : jobs.reduce((sum, { jobId }) => sum + (selected.has(jobId) ? 1 : 0), 0);
  const all = jobs.length > 0 && count === jobs.length;
  useEffect(() => {
    if (box.current !== null) box.current.indeterminate = count > 0 && !all;
  }, [count, all]);
  return (
    <label class="tick">
      <input
        ref={box}
        type="checkbox"
        checked={all}
        aria-label={t('selectAll')}
        onChange={() =>
          app.queue.update((state) =>
            withSelected(
              state,
              jobs.map(({ jobId }) => jobId),
              !all,
            ),
          )
        }
      />
    </label>
  );
}
