import { useState } from 'preact/hooks';
import type { OperatorJobView, OperatorListAnswer } from '../../../schemas/protocols/ops-api.ts';
import { useApp } from '../app.ts';
import { SEARCH_LENGTH_MAX } from '../jobs/queue-query.ts';
import { Badge } from '../page/badge.tsx';
import { Button, Icon } from '../page/icons.tsx';
import { Moment } from '../page/moment.tsx';
import { RouteLink } from '../page/route-link.tsx';
import { opsJobPath } from '../router.ts';
import { errorLine } from '../text/error-text.ts';
import { mappingLabel } from '../text/mapping-label.ts';
import { useText } from '../text/text-context.ts';
import { listQuery, type OpsQuery, type Choose } from './ops-query.ts';
import { useOpsText } from './ops-text.ts';
import { GridTable } from './panel.tsx';
import { useAnswer } from './use-answer.ts';

const SHOWN_FIRST = 50;
const SHOWN_MAX = 200;
const OWNER_SHOWN = 6;

interface OpsQueueProps {
  readonly query: OpsQuery;
  readonly choose: Choose;
  /** Position of the newest figures. When it changes, the list is requested again. */
  readonly position: string;
}

/** The jobs of all owners, filtered by the bars above. */
export function OpsQueue({ query, choose, position }: OpsQueueProps) {
  const say = useOpsText();
  const { t } = useText();
  const [limit, setLimit] = useState(SHOWN_FIRST);
  const { answer, refused } = useAnswer<OperatorListAnswer>(
    `/api/ops/jobs${listQuery(query, limit, null)}`,
    position,
  );
  const jobs = answer?.jobs ?? [];
  const filters = query.states.map((state) => t(`state_${state}`)).concat(query.code ?? []);
  return (
    <section class="panel" aria-labelledby="ops-queue-title" aria-busy={answer === null && refused === null}>
      <header class="queue-bar">
        <h2 id="ops-queue-title" tabIndex={-1}>
          {say('queueTitle')}
        </h2>
        {filters.length > 0 && (
          <Button
            class="filter"
            id="clear-filter"
            aria-label={say('clearFilter')}
            onClick={() => choose({ states: [], code: null })}
          >
            {say('queueFiltered', { what: filters.join(', ') })}
            <Icon name="close" />
          </Button>
        )}
        <div class="search">
          <Icon name="search" />
          <input
            type="search"
            id="search"
            maxLength={SEARCH_LENGTH_MAX}
            value={query.search}
            aria-label={t('searchLabel')}
            placeholder={t('searchLabel')}
            onInput={(event) => choose({ search: event.currentTarget.value })}
          />
        </div>
      </header>
      {refused !== null && (
        <p>
          {say('queueRefused')} <code>{refused}</code>
        </p>
      )}
      {answer !== null && (
        <p class="quiet">
          {jobs.length === 0 ? say('queueEmpty') : say('queueShown', { count: jobs.length })}
        </p>
      )}
      {jobs.length > 0 && <JobTable jobs={jobs} />}
      {answer?.next != null && limit < SHOWN_MAX && (
        <Button onClick={() => setLimit(SHOWN_MAX)}>{say('queueMore')}</Button>
      )}
    </section>
  );
}

function JobTable({ jobs }: { jobs: readonly OperatorJobView[] }) {
  const say = useOpsText();
  const { t } = useText();
  return (
    <GridTable
      titleId="ops-queue-title"
      class="ops-queue"
      caption={say('queueCaption')}
      heads={[t('columnFile'), t('columnState'), t('factAttempts'), say('columnOwner'), t('columnUpdated')]}
    >
      {jobs.map((job) => (
        <Row key={job.jobId} job={job} />
      ))}
    </GridTable>
  );
}

function Row({ job }: { job: OperatorJobView }) {
  const app = useApp();
  const { t, formats } = useText();
  const { error } = job;
  const line =
    error === null || (job.state !== 'failed' && job.state !== 'waiting')
      ? null
      : errorLine(t, [error.reason, error.code], error.message, app.limits.get().maxUploadMb);
  return (
    <tr data-row={job.jobId} data-state={job.state}>
      <th scope="row">
        <RouteLink to={opsJobPath(job.jobId)} class="filename" title={job.filename}>
          {job.filename}
        </RouteLink>
        <span class={line === null ? 'note' : 'note error-line'}>
          {line === null ? mappingLabel(t, job.mapping) : `${line.what} `}
          {line !== null && <code>{line.code}</code>}
        </span>
      </th>
      <td>
        <Badge state={job.state} />
      </td>
      <td>{formats.number(job.attempts)}</td>
      <td>
        <code title={job.owner}>{job.owner.slice(0, OWNER_SHOWN)}…</code>
      </td>
      <td>
        <Moment at={job.updatedAt} />
      </td>
    </tr>
  );
}
