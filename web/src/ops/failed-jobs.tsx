import { useEffect, useState } from 'preact/hooks';
import type { FailuresAnswer } from '../../../schemas/ops-api.ts';
import { useApp } from '../app.ts';
import { ApiFailure } from '../live/api.ts';
import { Icon } from '../page/icons.tsx';
import { Moment } from '../page/moment.tsx';
import { errorLine } from '../text/error-text.ts';
import { useText } from '../text/text-context.ts';
import { freeze, type FrozenSelection } from './frozen-selection.ts';
import type { Choose, OpsQuery } from './ops-query.ts';
import { useOpsText } from './ops-text.ts';
import { RetryDialog } from './retry-dialog.tsx';
import { Heads } from './standing.tsx';
import { useAnswer } from './use-answer.ts';

type Group = FailuresAnswer['groups'][number];

interface FailedJobsProps {
  readonly query: OpsQuery;
  readonly choose: Choose;
  /** How many jobs are failed, and up to where the figures go: when either moves the groups are asked for again. */
  readonly total: number;
  readonly position: string;
}

/** Failed jobs by code and reason; a whole group is retried at one press, exactly as it stood then. */
export function FailedJobs({ query, choose, total, position }: FailedJobsProps) {
  const app = useApp();
  const say = useOpsText();
  const [frozen, setFrozen] = useState<FrozenSelection | null>(null);
  const asOf = query.at === null ? '' : `?asOf=${encodeURIComponent(query.at)}`;
  const answer = useAnswer<FailuresAnswer>(`/api/ops/failures${asOf}`, `${total} ${position}`);
  const groups = answer?.groups ?? [];
  useEffect(() => setFrozen(null), [query.at]);

  async function ask({ code, reason }: Group): Promise<void> {
    try {
      setFrozen(await freeze(code, reason));
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      app.tell(say('retryFailed', { reason: error.code }));
    }
  }

  return (
    <section class="panel" aria-labelledby="failures-title" aria-busy={answer === null}>
      <h2 id="failures-title" tabIndex={-1}>
        {say('failuresTitle')}
      </h2>
      <p class="quiet">
        {groups.length === 0 && answer !== null ? say('failuresNone') : say('failuresHint')}
      </p>
      {groups.length > 0 && (
        <div class="scroll-x" tabIndex={0} role="region" aria-labelledby="failures-title">
          <table class="grid-table">
            <caption class="visually-hidden">{say('failuresTitle')}</caption>
            <thead>
              <Heads
                names={(['columnCode', 'columnWhat', 'columnJobs', 'columnSpan', 'columnAct'] as const).map(
                  (key) => say(key),
                )}
              />
            </thead>
            <tbody>
              {groups.map((group) => (
                <GroupRow
                  key={`${group.code} ${group.reason ?? ''}`}
                  group={group}
                  isPast={query.at !== null}
                  retry={() => void ask(group)}
                  show={() => {
                    choose({ states: ['failed'], code: group.code });
                    document.querySelector('#ops-queue-title')?.scrollIntoView();
                  }}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {frozen !== null && <RetryDialog frozen={frozen} close={() => setFrozen(null)} />}
    </section>
  );
}

function GroupRow({
  group,
  isPast,
  retry,
  show,
}: {
  group: Group;
  isPast: boolean;
  retry: () => void;
  show: () => void;
}) {
  const app = useApp();
  const { t, formats } = useText();
  const say = useOpsText();
  const { code, reason, jobs, retryable } = group;
  const { sentence } = errorLine(t, [reason, code], group.example, app.limits.get().maxUploadMb);
  return (
    <tr data-group={reason ?? code}>
      <th scope="row">
        <code>{code}</code>
        {reason !== null && (
          <>
            <br />
            <code class="quiet">{reason}</code>
          </>
        )}
      </th>
      <td>{sentence}</td>
      <td>{formats.number(jobs)}</td>
      <td>
        <Moment at={group.oldestAt} /> – <Moment at={group.newestAt} />
      </td>
      <td>
        <div class="row-actions">
          {!isPast && retryable > 0 && (
            <button
              type="button"
              data-action="retry-group"
              aria-label={say('retryGroupOf', { count: retryable, code: reason ?? code })}
              onClick={retry}
            >
              <Icon name="retry" />
              {say('retryGroup', { count: retryable })}
            </button>
          )}
          {!isPast && retryable === 0 && <span class="quiet">{say('notRetryable')}</span>}
          <button
            type="button"
            class="quiet-button"
            aria-label={say('showGroupOf', { code: reason ?? code })}
            onClick={show}
          >
            {say('showGroup')}
          </button>
        </div>
      </td>
    </tr>
  );
}
