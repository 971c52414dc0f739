import { useMemo } from 'preact/hooks';
import type { DashboardAnswer } from '../../../schemas/protocols/dashboard-api.ts';
import type { JobFailureCode } from '../../../schemas/errors/error-codes.ts';
import { STATES } from '../jobs/states.ts';
import { Badge } from '../page/badge.tsx';
import { useText } from '../text/text-context.ts';
import { BarList } from './charts/bar-list.tsx';
import { TimeChart, type Series } from './charts/time-chart.tsx';
import { failuresOf, inProgressOf, sumOf } from './live-window.ts';
import type { Choose, OpsQuery } from './ops-query.ts';
import { useOpsText } from './ops-text.ts';

interface ChartsProps {
  readonly figures: DashboardAnswer;
  readonly query: OpsQuery;
  readonly choose: Choose;
}

/** Figures over time, and the number of jobs by state. Each bar filters the queue below. */
export function ConsoleCharts(props: ChartsProps) {
  return (
    <>
      <Flow {...props} />
      <States {...props} />
      <Codes {...props} />
    </>
  );
}

function Flow({ figures, choose }: ChartsProps) {
  const say = useOpsText();
  const { formats } = useText();
  const { buckets, window, jobs, totals } = figures;
  // Both functions stay the same until the language changes, so that a chart with unchanged figures is not drawn
  // again.
  const [number, duration] = useMemo(
    () => [(count: number) => formats.number(count), (ms: number) => formats.duration(ms)] as const,
    [formats],
  );
  const starts = useMemo(() => buckets.map(({ start }) => start), [buckets]);
  const flow = useMemo(() => flowSeries(figures, choose, say), [buckets, say]);
  const inHand = useMemo<Series[]>(
    () => [
      { key: 'inHand', label: say('seriesInHand'), kind: 'line', values: inProgressOf(buckets, jobs.active) },
    ],
    [buckets, jobs.active, say],
  );
  const latency = useMemo<Series[]>(
    () =>
      (['p50', 'p95', 'p99'] as const).map((key) => ({
        key,
        label: key,
        kind: 'line',
        values: buckets.map((bucket) => bucket.latency?.[key] ?? null),
      })),
    [buckets],
  );
  const sums = sumOf(buckets);
  const all = totals.latency;
  const byDay = window.bucket === 'day' || window.range === '7d';
  const common = { starts, byDay, format: number };
  return (
    <>
      <TimeChart
        {...common}
        title={say('chartThroughput')}
        note={say('chartThroughputNote', {
          succeeded: sums.succeeded,
          failed: sums.failed,
          submitted: sums.submitted,
        })}
        series={flow}
      />
      <TimeChart
        {...common}
        title={say('chartLatency')}
        note={
          all === null
            ? say('chartLatencyNone')
            : say('chartLatencyNote', {
                p50: formats.duration(all.p50),
                p95: formats.duration(all.p95),
                p99: formats.duration(all.p99),
              })
        }
        format={duration}
        series={latency}
      />
      <TimeChart {...common} title={say('chartInHand')} note={say('chartInHandNote')} series={inHand} />
    </>
  );
}

function flowSeries(
  { buckets }: DashboardAnswer,
  choose: Choose,
  say: ReturnType<typeof useOpsText>,
): Series[] {
  return [
    {
      key: 'succeeded',
      label: say('seriesSucceeded'),
      kind: 'bar',
      values: buckets.map(({ succeeded }) => succeeded),
      onPick: () => choose({ states: ['ready'], code: null }),
    },
    {
      key: 'failed',
      label: say('seriesFailed'),
      kind: 'bar',
      values: buckets.map(({ failed }) => failed),
      onPick: () => choose({ states: ['failed'], code: null }),
    },
    {
      key: 'submitted',
      label: say('seriesSubmitted'),
      kind: 'line',
      values: buckets.map(({ submitted }) => submitted),
    },
  ];
}

function States({ figures, query, choose }: ChartsProps) {
  const say = useOpsText();
  const { t } = useText();
  return (
    <BarList
      title={say('chartStates')}
      note={say('chartStatesNote')}
      items={STATES.map((state) => ({
        key: state,
        name: t(`state_${state}`),
        count: figures.jobs.byState[state],
        label: <Badge state={state} />,
      }))}
      chosen={query.states}
      onChoose={(key) => {
        const state = STATES.find((each) => each === key);
        if (state === undefined) return;
        const lets = query.states.length === 1 && query.states[0] === state && query.code === null;
        choose({ states: lets ? [] : [state], code: null });
      }}
    />
  );
}

function Codes({ figures, query, choose }: ChartsProps) {
  const say = useOpsText();
  const items = failuresOf(figures.buckets).map(({ code, count }) => ({
    key: code,
    name: code,
    count,
    label: <code>{code}</code>,
  }));
  return (
    <BarList
      title={say('chartCodes')}
      note={say('chartCodesNote')}
      none={say('chartCodesNone')}
      items={items}
      chosen={query.code === null ? [] : [query.code]}
      onChoose={(code) =>
        choose(
          query.code === code
            ? { states: [], code: null }
            : { states: ['failed'], code: code as JobFailureCode },
        )
      }
    />
  );
}
