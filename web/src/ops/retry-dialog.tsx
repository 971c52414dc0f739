import { useEffect, useRef, useState } from 'preact/hooks';
import { useApp } from '../app.ts';
import { ApiFailure } from '../live/api.ts';
import { useText } from '../text/text-context.ts';
import { retrySelection, type FrozenSelection, type RetryProgress } from './frozen-selection.ts';
import { useOpsText } from './ops-text.ts';

/** Asks before many jobs are retried. It shows their number, their kind, and the time of the selection. */
export function RetryDialog({ frozen, close }: { frozen: FrozenSelection; close: () => void }) {
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
        {progress === null && (
          <button type="button" onClick={() => dialog.current?.close()}>
            {t('cancel')}
          </button>
        )}
        {progress === null && count > 0 && (
          <button type="button" class="primary" data-action="retry-go" onClick={() => void go()}>
            {say('retryGo', { count })}
          </button>
        )}
      </div>
    </dialog>
  );
}
