import { useEffect, useMemo, useState } from 'preact/hooks';
import type { DashboardAnswer } from '../../../schemas/protocols/dashboard-api.ts';
import { useApp } from '../app.ts';
import { useWindowTitle } from '../page/attention.tsx';
import { EmptyState } from '../page/empty-state.tsx';
import { RouteLink } from '../page/route-link.tsx';
import { useStore } from '../store.ts';
import { TextContext, useText, zoned } from '../text/text-context.ts';
import { ConsoleBar } from './console-bar.tsx';
import { useConsole, type ConsoleFigures } from './console-data.ts';
import { ConsoleCharts } from './console-charts.tsx';
import { FailedJobs, showFailed } from './failed-jobs.tsx';
import { OpsQueue } from './ops-queue.tsx';
import { readOpsQuery, writeOpsQuery, type OpsQuery, type Choose } from './ops-query.ts';
import { OpsTextProvider, useOpsCatalogue, useOpsText } from './ops-text.ts';
import { GridTable, Panel } from './panel.tsx';
import { Quarantine } from './quarantine.tsx';
import { ReadSide, StorageAndCleanup } from './standing.tsx';
import { Tiles } from './tiles.tsx';
import { PastBanner } from './time-machine.tsx';
import './ops.css';
import type { JobFailureCode } from '../../../schemas/errors/error-codes.ts';
import { errorLine } from '../text/error-text.ts';
import { Button } from '../page/icons.tsx';

/** The jobs that were failed at a past moment, by code. The past offers no actions. */
function FailedThen({ figures, choose }: { figures: DashboardAnswer; choose: Choose }) {
  const app = useApp();
  const { t, formats } = useText();
  const say = useOpsText();
  const codes = Object.entries(figures.jobs.failedByCode) as [JobFailureCode, number][];
  return (
    <Panel titleId="failures-title" title={say('failuresTitle')}>
      {codes.length === 0 ? (
        <p class="quiet">{say('failuresNone')}</p>
      ) : (
        <GridTable
          titleId="failures-title"
          caption={say('failuresTitle')}
          heads={[say('columnCode'), say('columnWhat'), say('columnJobs'), say('columnAct')]}
        >
          {codes.map(([code, count]) => (
            <tr key={code}>
              <th scope="row">
                <code>{code}</code>
              </th>
              <td>{errorLine(t, [code], code, app.limits.get().maxUploadMb).sentence}</td>
              <td>{formats.number(count)}</td>
              <td>
                <Button
                  class="quiet-button"
                  aria-label={say('showGroupOf', { code })}
                  onClick={() => showFailed(choose, code)}
                >
                  {say('showGroup')}
                </Button>
              </td>
            </tr>
          ))}
        </GridTable>
      )}
    </Panel>
  );
}

/** The operator's console: everything on one screen, either live or at a past moment. */
export function OpsPage() {
  const app = useApp();
  const text = useText();
  const say = useOpsCatalogue(text.locale);
  const route = useStore(app.router.route, (now) => now);
  const [query, setQuery] = useState(queryOfAddress);
  // Back, Forward and links to this page change the address.
  useEffect(() => setQuery(queryOfAddress()), [route]);
  const inZone = useMemo(() => zoned(text, query.zone), [text, query.zone]);
  useEffect(() => app.router.note(writeOpsQuery(query)), [query]);
  if (say === null) return null;
  return (
    <OpsTextProvider value={say}>
      <TextContext.Provider value={inZone}>
        <Console query={query} choose={(change) => setQuery((now) => ({ ...now, ...change }))} />
      </TextContext.Provider>
    </OpsTextProvider>
  );
}

function queryOfAddress(): OpsQuery {
  return readOpsQuery(location.search, new Intl.DateTimeFormat().resolvedOptions().timeZone);
}

function Console({ query, choose }: { query: OpsQuery; choose: Choose }) {
  const say = useOpsText();
  useWindowTitle(say('title'));
  const { figures, pending, failure, ageMs } = useConsole(query);
  const isPast = query.at !== null;
  return (
    <div class="ops" data-past={isPast}>
      {query.at !== null && <PastBanner at={query.at} query={query} choose={choose} />}
      <ConsoleBar query={query} choose={choose} ageMs={isPast ? null : ageMs} />
      {figures === null || (failure !== null && !failure.retryable) ? (
        <NoFigures failure={failure} />
      ) : (
        <div class="ops-panels" aria-busy={pending}>
          <Panels figures={figures} query={query} choose={choose} />
        </div>
      )}
    </div>
  );
}

function Panels({ figures, query, choose }: { figures: DashboardAnswer; query: OpsQuery; choose: Choose }) {
  return (
    <>
      <Tiles figures={figures} />
      <div class="charts">
        <ConsoleCharts figures={figures} query={query} choose={choose} />
        <div class="stack">
          <StorageAndCleanup figures={figures} />
          <ReadSide figures={figures} />
        </div>
      </div>
      {figures.past ? (
        <FailedThen figures={figures} choose={choose} />
      ) : (
        <FailedJobs choose={choose} version={`${figures.jobs.byState.failed} ${figures.position}`} />
      )}
      <Quarantine isPast={figures.past} />
      <OpsQueue key={query.at ?? 'now'} query={query} choose={choose} position={figures.position} />
    </>
  );
}

function NoFigures({ failure }: { failure: ConsoleFigures['failure'] }) {
  const say = useOpsText();
  const { t } = useText();
  if (failure === null)
    return (
      <div class="loading" aria-busy="true">
        <p class="visually-hidden">{say('loading')}</p>
        <div class="loading-row" />
        <div class="loading-row" />
      </div>
    );
  if (failure.status === 403)
    return (
      <EmptyState title={say('forbiddenTitle')} hint={say('forbiddenHint')}>
        <RouteLink class="button" to="/">
          {t('backToQueue')}
        </RouteLink>
      </EmptyState>
    );
  return <EmptyState title={say('asksFailedTitle')} hint={say('asksFailedHint', { code: failure.code })} />;
}
