import type { JobView } from '../../../schemas/protocols/http-api.ts';
import { useApp, type App, type JobsBase } from '../app.ts';
import { ApiFailure } from '../live/api.ts';
import { errorLine } from '../text/error-text.ts';
import type { Text } from '../text/text-context.ts';
import { useText } from '../text/text-context.ts';
import { Button, Icon } from './icons.tsx';

export function downloadPath(job: JobView): string {
  return `/api/jobs/${job.jobId}/download`;
}

/** Sends a command and reports its result. The rows then show the effect on the jobs. */
export async function runCommand(
  app: App,
  { t }: Text,
  {
    name,
    jobIds,
    base,
  }: { name: 'retry' | 'cancel'; jobIds: readonly string[]; base?: JobsBase | undefined },
): Promise<void> {
  const maxUploadMb = app.limits.get().maxUploadMb;
  try {
    const { results } = await app.command(name, jobIds, base);
    const refused = results.flatMap((result) => ('error' in result ? [result.error] : []));
    const done = results.length - refused.length;
    const [first] = refused;
    const words: string[] = [];
    if (done > 0) words.push(t(name === 'retry' ? 'retried' : 'cancelled', { count: done }));
    if (first !== undefined) {
      const reason = errorLine(t, [first.code], first.message, maxUploadMb).sentence;
      words.push(t('commandFailed', { count: refused.length, reason }));
    }
    app.tell(words.join(' '));
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    const { sentence, code } = errorLine(t, [error.code], error.message, maxUploadMb);
    app.tell(`${sentence} (${code})`);
  }
}

export function DownloadLink({ job }: { job: JobView }) {
  const { t, formats } = useText();
  return (
    <a
      class="button"
      href={downloadPath(job)}
      download
      data-action="download"
      aria-label={t('downloadOf', { filename: job.filename })}
      title={job.result === null ? undefined : formats.bytes(job.result.bytes)}
    >
      <Icon name="download" />
      {t('download')}
    </a>
  );
}

interface CommandButtonProps {
  readonly name: 'retry' | 'cancel';
  readonly job: JobView;
  readonly base?: JobsBase;
}

/** The button of one command for one job. */
export function CommandButton({ name, job, base }: CommandButtonProps) {
  const app = useApp();
  const text = useText();
  return (
    <Button
      icon={name === 'retry' ? 'retry' : 'close'}
      data-action={name}
      aria-label={text.t(`${name}Of`, { filename: job.filename })}
      onClick={() => void runCommand(app, text, { name, jobIds: [job.jobId], base })}
    >
      {text.t(name)}
    </Button>
  );
}

/** A button that is not available yet. Unlike a disabled button, it can have the focus and states the reason. */
export function ReviewButton({ job }: { job: JobView }) {
  const app = useApp();
  const { t } = useText();
  return (
    <Button
      class="quiet-button"
      data-action="review"
      aria-disabled="true"
      aria-label={t('reviewOf', { filename: job.filename })}
      aria-describedby="review-reason"
      title={t('reviewReason')}
      onClick={() => app.tell(t('reviewReason'))}
    >
      {t('review')}
    </Button>
  );
}

export function CopyIdButton({ job }: { job: JobView }) {
  const app = useApp();
  const text = useText();
  return (
    <Button
      icon="copy"
      class="quiet-button icon-button"
      data-action="copy"
      aria-label={text.t('copyIdOf', { filename: job.filename })}
      title={text.t('copyId')}
      onClick={() => void copyText(app, job.jobId, text.t('copied'), text.t('copyFailed', { id: job.jobId }))}
    ></Button>
  );
}

/** Copies a text and reports it, or reports `otherwise` when copying is not allowed. */
export async function copyText(app: App, text: string, done: string, otherwise: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    app.tell(done);
  } catch {
    // The user gave no permission, or the page is not served over TLS.
    app.tell(otherwise);
  }
}
