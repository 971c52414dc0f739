import { useEffect, useRef } from 'preact/hooks';
import { useApp } from '../app.ts';
import { jobPath } from '../router.ts';
import { useStore } from '../store.ts';
import { errorLine } from '../text/error-text.ts';
import { useText } from '../text/text-context.ts';
import {
  inReadingOrder,
  isUnderway,
  mayRetry,
  needsAttention,
  UPLOADS_MAX,
  type Upload,
} from './upload-list.ts';
import { Button, Icon } from '../page/icons.tsx';
import { useKeptFocus } from '../page/kept-focus.ts';
import { RouteLink } from '../page/route-link.tsx';

/** The most uploads that are drawn. The panel shows the number of the other uploads until their turn comes. */
const SHOWN_MAX = 60;

/** Lists uploads in progress and failed uploads. The panel disappears when there are none. */
export function UploadsPanel() {
  const app = useApp();
  const { t } = useText();
  const { uploads, overfull } = useStore(app.uploads, (now) => now);
  // The queue matters only while the panel lists something.
  const queue = useStore(app.queue, (now) => (uploads.length === 0 ? null : now));
  const list = useRef<HTMLUListElement>(null);
  useKeptFocus(list, '#choose-files');
  useLeaveGuard(uploads.some(isUnderway));

  // A received upload disappears from the panel once its row is in the queue.
  const listed = uploads.filter(
    ({ phase }) => phase.name !== 'received' || queue?.jobs.has(phase.jobId) !== true,
  );
  if (listed.length === 0 && !overfull) return null;
  const underway = listed.filter(isUnderway);
  const attention = listed.filter(needsAttention);
  const ordered = inReadingOrder(listed);
  return (
    <section class="uploads" aria-labelledby="uploads-title">
      <header>
        <h2 id="uploads-title">{summary(t, underway.length, attention)}</h2>
        {attention.some(mayRetry) && (
          <Button class="quiet-button" onClick={() => attention.forEach((each) => app.uploader.retry(each))}>
            {t('uploadsRetryAll')}
          </Button>
        )}
        {underway.length > 1 && (
          <Button class="quiet-button" onClick={() => app.uploader.cancelAll()}>
            {t('uploadsCancelAll')}
          </Button>
        )}
        {attention.length > 1 && (
          <Button class="quiet-button" onClick={() => app.uploader.dismiss(needsAttention)}>
            {t('uploadsDismissAll')}
          </Button>
        )}
      </header>
      {overfull && <p class="error-line">{t('tooManyFiles', { count: UPLOADS_MAX })}</p>}
      <ul ref={list}>
        {ordered.slice(0, SHOWN_MAX).map((upload) => (
          <UploadLine key={upload.id} upload={upload} />
        ))}
      </ul>
      {ordered.length > SHOWN_MAX && (
        <p class="quiet">{t('uploadsMore', { count: ordered.length - SHOWN_MAX })}</p>
      )}
    </section>
  );
}

function summary(t: ReturnType<typeof useText>['t'], underway: number, attention: readonly Upload[]): string {
  const refused = attention.filter(({ phase }) => phase.name === 'refused').length;
  const words = [
    underway > 0 ? t('uploadsRunning', { count: underway }) : '',
    refused > 0 ? t('uploadsProblems', { count: refused }) : '',
  ].filter((part) => part !== '');
  return words.length > 0 ? words.join(' · ') : t('uploadsSettled');
}

function UploadLine({ upload }: { upload: Upload }) {
  const app = useApp();
  const { t, formats } = useText();
  const { filename, phase } = upload;
  return (
    <li class="upload" data-row={upload.id} data-phase={phase.name}>
      <div class="upload-what">
        <span class="filename">{filename}</span> <span class="quiet">{formats.bytes(upload.bytes)}</span>
      </div>
      <UploadState upload={upload} />
      <div class="row-actions">
        {mayRetry(upload) && (
          <Button
            icon="retry"
            onClick={() => app.uploader.retry(upload)}
            aria-label={t('uploadRetryOf', { filename })}
          >
            {t('retry')}
          </Button>
        )}
        {phase.name === 'duplicate' && (
          <RouteLink class="button" to={jobPath(phase.jobId)}>
            {t('uploadShowJob')}
          </RouteLink>
        )}
        {isUnderway(upload) ? (
          <Button
            icon="close"
            onClick={() => app.uploader.cancel(upload)}
            aria-label={t('uploadCancelOf', { filename })}
          >
            {t('cancel')}
          </Button>
        ) : (
          <Button
            icon="close"
            onClick={() => app.uploader.dismiss(({ id }) => id === upload.id)}
            aria-label={t('uploadDismissOf', { filename })}
          >
            {t('dismiss')}
          </Button>
        )}
      </div>
    </li>
  );
}

function UploadState({ upload }: { upload: Upload }) {
  const app = useApp();
  const { t, formats } = useText();
  const { phase, filename, bytes } = upload;
  const maxUploadMb = useStore(app.limits, (now) => now.maxUploadMb);
  switch (phase.name) {
    case 'waiting':
      return <p class="quiet">{t('uploadWaiting')}</p>;
    case 'sending': {
      const left =
        phase.bytesPerSec === null ? null : ((bytes - phase.sent) * 1_000) / Math.max(1, phase.bytesPerSec);
      return (
        <p class="upload-progress">
          <progress aria-label={t('uploadProgress', { filename })} value={phase.sent} max={bytes} />
          <span>
            {t('uploadSending')} {Math.floor((phase.sent / bytes) * 100)} %
            {phase.bytesPerSec !== null && ` · ${t('speed', { size: formats.bytes(phase.bytesPerSec) })}`}
            {left !== null &&
              left > 2_000 &&
              ` · ${t('secondsLeft', { time: formats.duration(Math.ceil(left / 1_000) * 1_000) })}`}
          </span>
        </p>
      );
    }
    case 'checking':
      return (
        <p class="upload-progress">
          <progress aria-label={t('uploadProgress', { filename })} />
          <span>{t('uploadChecking')}</span>
        </p>
      );
    case 'retrying':
      return <p class="quiet">{t('uploadRetrying')}</p>;
    case 'received':
      return <p class="quiet">{t('uploadReceived')}</p>;
    case 'duplicate':
      return <p>{t('uploadDuplicate')}</p>;
    case 'cancelled':
      return <p class="quiet">{t('uploadCancelled')}</p>;
    case 'refused': {
      const line = errorLine(t, [phase.code], phase.message, maxUploadMb);
      const sentence =
        phase.quota === undefined
          ? line.sentence
          : t('uploadNoRoom', {
              used: formats.bytes(phase.quota.usedBytes),
              allowed: formats.bytes(phase.quota.allowedBytes),
            });
      return (
        <p class="error-line">
          <Icon name="warning" />
          <span>
            {sentence} <code>{line.code}</code>
          </span>
        </p>
      );
    }
  }
}

/** Makes the browser ask before the user leaves a page with unfinished uploads. */
function useLeaveGuard(active: boolean): void {
  useEffect(() => {
    if (!active) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [active]);
}
