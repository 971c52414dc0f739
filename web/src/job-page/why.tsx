import type { JobView, WhyAnswer } from '../../../schemas/protocols/http-api.ts';
import { useApp } from '../app.ts';
import { Moment } from '../page/moment.tsx';
import { errorLine } from '../text/error-text.ts';
import { useText } from '../text/text-context.ts';

/** Shows the present state and the next step in the reader's language, then the reasons in the words of the decider. */
export function Why({ job, why }: { job: JobView; why: WhyAnswer | null }) {
  const { t } = useText();
  return (
    <section class="why" aria-labelledby="why-title">
      <h2 id="why-title">{t('jobWhy')}</h2>
      <p>{t(`why_${job.state}`)}</p>
      <Failure job={job} />
      <Next job={job} at={why?.next?.at ?? null} />
      {why !== null && (
        <details>
          <summary>{t('whyInFull')}</summary>
          <p lang="en">
            {why.because} {why.next?.what}
          </p>
          <h3>{t('whyCommands')}</h3>
          <dl class="verdicts">
            {why.commands.map((verdict) => (
              <div key={verdict.command}>
                <dt>
                  <code>{verdict.command}</code>
                </dt>
                <dd>
                  <Verdict verdict={verdict} />
                </dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </section>
  );
}

function Failure({ job }: { job: JobView }) {
  const app = useApp();
  const { t } = useText();
  const { error, state } = job;
  if (error === null || (state !== 'failed' && state !== 'waiting')) return null;
  const line = errorLine(t, [error.reason, error.code], error.message, app.limits.get().maxUploadMb);
  return (
    <p class={state === 'failed' ? 'error-line' : ''}>
      {state === 'failed' ? line.sentence : line.what} <code>{line.code}</code>
    </p>
  );
}

function Next({ job: { state }, at }: { job: JobView; at: string | null }) {
  const { t } = useText();
  if (state === 'failed' || state === 'cancelled' || state === 'expired') return null;
  return (
    <p class="quiet">
      {t('whyNext')}: {t(`next_${state}`)} {at !== null && <Moment at={at} />}
    </p>
  );
}

function Verdict({ verdict }: { verdict: WhyAnswer['commands'][number] }) {
  const { t } = useText();
  if (verdict.answer !== 'refused')
    return <>{t(verdict.answer === 'allowed' ? 'command_allowed' : 'command_noEffect')}</>;
  return (
    <span class="quiet">
      <span lang="en">{verdict.rule}</span> <code>{verdict.code}</code>
    </span>
  );
}
