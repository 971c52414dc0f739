import { useState, useEffect, useRef } from 'preact/hooks';
import type { JobFailureCode } from '../../../schemas/errors/error-codes.ts';
import type { FailuresAnswer } from '../../../schemas/protocols/ops-api.ts';
import { useApp } from '../app.ts';
import { ApiFailure } from '../live/api.ts';
import { Button } from '../page/icons.tsx';
import { Moment } from '../page/moment.tsx';
import { errorLine } from '../text/error-text.ts';
import { useText } from '../text/text-context.ts';
import { freeze, type FrozenSelection, retrySelection, type RetryProgress } from './frozen-selection.ts';
import type { Choose } from './ops-query.ts';
import { useOpsText } from './ops-text.ts';
import { GridTable, Panel } from './panel.tsx';
import { useAnswer } from './use-answer.ts';

/** Asks before many jobs are retried. It shows their number, their kind, and the time of the selection. */
function RetryDialog({ frozen, close }: { frozen: FrozenSelection; close: () => void }) {
  const app = useApp();
  const { t, formats } = useText();
  const say = useOpsText();
  const dialog = useRef<HTMLDialogElement>(null);
  const [progress, setProgress] = useState<RetryProgress | null>(null);
  const count = frozen.first.total;
  const code = frozen.reason ?? frozen.code;
  useEffect(() => {
    const opener = document.activeElement as HTMLElement | null;
    dialog.current?.showModal();
    return () => {
      // The retried group may have disappeared together with its button. The focus then goes to the nearest remaining
      // element.
      const next =
        opener?.isConnected === true ? opener : document.querySelector<HTMLElement>('#failures-title');
      next?.focus();
    };
  }, []);

  async function go(): Promise<void> {
    setProgress({ queued: 0, refused: 0 });
    try {
      const { queued, refused } = await retrySelection(frozen, setProgress);
      const words = [say('retryDone', { count: queued })];
      if (refused > 0) words.push(say('retryRefused', { count: refused }));
      app.tell(words.join(' '));
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      app.tell(say('retryFailed', { reason: error.code }));
    }
    close();
  }

  return (
    <dialog
      ref={dialog}
      class="sheet"
      aria-labelledby="retry-title"
      onCancel={(event) => progress !== null && event.preventDefault()}
      onClose={close}
    >
      <h2 id="retry-title">{say('retryTitle', { count })}</h2>
      <p>
        {count === 0
          ? say('retryNothing')
          : say('retryFrozen', { code, time: formats.clockSeconds(new Date(frozen.atMs).toISOString()) })}
      </p>
      {progress !== null && (
        <p>
          <progress
            value={progress.queued + progress.refused}
            max={count}
            aria-label={say('retryTitle', { count })}
          />
          {say('retrying', { done: progress.queued + progress.refused, count })}
        </p>
      )}
      <div class="row-actions">
        {progress === null && <Button onClick={() => dialog.current?.close()}>{t('cancel')}</Button>}
        {progress === null && count > 0 && (
          <Button class="primary" data-action="retry-go" onClick={() => void go()}>
            {say('retryGo', { count })}
          </Button>
        )}
      </div>
    </dialog>
  );
}

const COLUMNS = ['columnCode', 'columnWhat', 'columnJobs', 'columnSpan', 'columnAct'] as const;

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
    <Panel titleId="failures-title" title={say('failuresTitle')} busy={answer === null}>
      <p class="quiet">
        {groups.length === 0 && answer !== null ? say('failuresNone') : say('failuresHint')}
      </p>
      {groups.length > 0 && (
        <GridTable
          titleId="failures-title"
          caption={say('failuresTitle')}
          heads={COLUMNS.map((column) => say(column))}
        >
          {groups.map((group) => (
            <GroupRow
              key={`${group.code} ${group.reason ?? ''}`}
              group={group}
              retry={() => void ask(group)}
              show={() => showFailed(choose, group.code)}
            />
          ))}
        </GridTable>
      )}
      {frozen !== null && <RetryDialog frozen={frozen} close={() => setFrozen(null)} />}
    </Panel>
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
            <Button
              icon="retry"
              data-action="retry-group"
              aria-label={say('retryGroupOf', { count: retryable, code: reason ?? code })}
              onClick={retry}
            >
              {say('retryGroup', { count: retryable })}
            </Button>
          )}
          {retryable === 0 && <span class="quiet">{say('notRetryable')}</span>}
          <Button
            class="quiet-button"
            aria-label={say('showGroupOf', { code: reason ?? code })}
            onClick={show}
          >
            {say('showGroup')}
          </Button>
        </div>
      </td>
    </tr>
  );
}
