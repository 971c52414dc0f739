import { useState } from 'preact/hooks';
import type { JobFailureCode } from '../../../schemas/error-codes.ts';
import type { FailuresAnswer } from '../../../schemas/ops-api.ts';
import { useApp } from '../app.ts';
import { ApiFailure } from '../live/api.ts';
import { Icon } from '../page/icons.tsx';
import { Moment } from '../page/moment.tsx';
import { errorLine } from '../text/error-text.ts';
import { useText } from '../text/text-context.ts';
import { freeze, type FrozenSelection } from './frozen-selection.ts';
import type { Choose } from './ops-query.ts';
import { useOpsText } from './ops-text.ts';
import { RetryDialog } from './retry-dialog.tsx';
import { Heads } from './standing.tsx';
import { useAnswer } from './use-answer.ts';

type Group = FailuresAnswer['groups'][number];

interface FailedJobsProps {
  readonly choose: Choose;
  /** The groups are requested again when this value changes. */
  readonly version: string;
}

/** Failed jobs by code and reason. One press retries a whole group, exactly as it was when it was requested. */
export function FailedJobs({ choose, version }: FailedJobsProps) {
  const app = useApp();
  const say = useOpsText();
  const [frozen, setFrozen] = useState<FrozenSelection | null>(null);
  const { answer } = useAnswer<FailuresAnswer>('/api/ops/failures', version);
  const groups = answer?.groups ?? [];

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
        <div class="scroll-x" tabIndex={0} role="group" aria-labelledby="failures-title">
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
                  retry={() => void ask(group)}
                  show={() => showFailed(choose, group.code)}
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

/** Filters the queue for the jobs that failed with a code, and scrolls to the queue. */
export function showFailed(choose: Choose, code: JobFailureCode): void {
  choose({ states: ['failed'], code });
  document.querySelector<HTMLElement>('#ops-queue-title')?.focus();
}

function GroupRow({ group, retry, show }: { group: Group; retry: () => void; show: () => void }) {
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
          {retryable > 0 && (
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
          {retryable === 0 && <span class="quiet">{say('notRetryable')}</span>}
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
