import type { DashboardAnswer } from '../../../schemas/dashboard-api.ts';
import type { JobFailureCode } from '../../../schemas/error-codes.ts';
import { useApp } from '../app.ts';
import { errorLine } from '../text/error-text.ts';
import { useText } from '../text/text-context.ts';
import { showFailed } from './failed-jobs.tsx';
import type { Choose } from './ops-query.ts';
import { useOpsText } from './ops-text.ts';
import { Heads } from './standing.tsx';

/** The jobs that were failed at a past moment, by code. The past offers no actions. */
export function FailedThen({ figures, choose }: { figures: DashboardAnswer; choose: Choose }) {
  const app = useApp();
  const { t, formats } = useText();
  const say = useOpsText();
  const codes = Object.entries(figures.jobs.failedByCode) as [JobFailureCode, number][];
  return (
    <section class="panel" aria-labelledby="failures-title">
      <h2 id="failures-title" tabIndex={-1}>
        {say('failuresTitle')}
      </h2>
      {codes.length === 0 ? (
        <p class="quiet">{say('failuresNone')}</p>
      ) : (
        <div class="scroll-x" tabIndex={0} role="group" aria-labelledby="failures-title">
          <table class="grid-table">
            <caption class="visually-hidden">{say('failuresTitle')}</caption>
            <thead>
              <Heads names={[say('columnCode'), say('columnWhat'), say('columnJobs'), say('columnAct')]} />
            </thead>
            <tbody>
              {codes.map(([code, count]) => (
                <tr key={code}>
                  <th scope="row">
                    <code>{code}</code>
                  </th>
                  <td>{errorLine(t, [code], code, app.limits.get().maxUploadMb).sentence}</td>
                  <td>{formats.number(count)}</td>
                  <td>
                    <button
                      type="button"
                      class="quiet-button"
                      aria-label={say('showGroupOf', { code })}
                      onClick={() => showFailed(choose, code)}
                    >
                      {say('showGroup')}
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
