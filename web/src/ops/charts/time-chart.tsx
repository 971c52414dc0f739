import { useState } from 'preact/hooks';
import { memo } from '../../memo.ts';
import { useText } from '../../text/text-context.ts';
import { useOpsText } from '../ops-text.ts';
import { ChartFrame } from './chart-frame.tsx';
import { linePath, stackedBars, ticksOf } from './scale.ts';

export interface Series {
  readonly key: string;
  readonly label: string;
  readonly kind: 'bar' | 'line';
  readonly values: readonly (number | null)[];
  /** Called when the user presses a bar of the series. */
  readonly onPick?: () => void;
}

interface TimeChartProps {
  readonly title: string;
  readonly note: string;
  /** The starts of the buckets (ISO 8601). */
  readonly starts: readonly string[];
  readonly series: readonly Series[];
  /** True to name buckets by date, false by time of day. */
  readonly byDay: boolean;
  readonly format: (value: number) => string;
}

/** Height of the drawing's own coordinates, which the browser stretches to the available space. */
const HEIGHT = 100;

/** Figures over time as SVG: stacked bars, with lines over them. */
export const TimeChart = memo(function TimeChart(props: TimeChartProps) {
  const { title, note, starts, series, byDay, format } = props;
  const { formats } = useText();
  const say = useOpsText();
  const named = (at: string | undefined) =>
    at === undefined ? '' : byDay ? formats.dayShort(at) : formats.clock(Date.parse(at));
  const table = () => ({
    columns: [say('columnTime'), ...series.map(({ label }) => label)],
    rows: starts.map((at, index) => [
      byDay ? formats.dayShort(at) : formats.exact(at),
      ...series.map(({ values }) => (values[index] == null ? '–' : format(values[index]))),
    ]),
  });
  const legend = (
    <span class="legend" aria-hidden="true">
      {series.map(({ key, label, kind }) => (
        <span key={key} data-series={key} data-kind={kind}>
          {label}
        </span>
      ))}
    </span>
  );
  const summary = say('summaryOf', { chart: title, from: named(starts[0]), to: named(starts.at(-1)), note });
  return (
    <ChartFrame title={title} note={note} legend={legend} table={table}>
      <Plot {...props} summary={summary} named={named} />
    </ChartFrame>
  );
});

function Plot({
  starts,
  series,
  format,
  summary,
  named,
}: TimeChartProps & { summary: string; named: (at: string | undefined) => string }) {
  const [at, setAt] = useState<number | null>(null);
  const stacked = series.filter(({ kind }) => kind === 'bar');
  const ticks = ticksOf(highestOf(series, starts.length));
  const highest = ticks.at(-1) ?? 1;
  const count = Math.max(1, starts.length);
  return (
    <div class="plot">
      <div class="ticks" aria-hidden="true">
        {ticks.toReversed().map((tick) => (
          <span key={tick}>{format(tick)}</span>
        ))}
      </div>
      <svg
        viewBox={`0 0 ${count} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={summary}
        onPointerMove={(event) => setAt(indexUnder(event, count))}
        onPointerLeave={() => setAt(null)}
      >
        {ticks.map((tick) => (
          <path key={tick} class="grid" d={`M0 ${HEIGHT - (tick / highest) * HEIGHT}H${count}`} />
        ))}
        {at !== null && <rect class="under" x={at} y={0} width={1} height={HEIGHT} />}
        {stackedBars(
          stacked.map(({ values }) => values),
          highest,
          HEIGHT,
        ).map(({ index, series: which, y, height }) => (
          <rect
            key={`${index} ${which}`}
            class="bar"
            data-series={stacked[which]?.key}
            x={index + 0.1}
            width={0.8}
            y={y}
            height={height}
            onClick={stacked[which]?.onPick}
          />
        ))}
        {series
          .filter(({ kind }) => kind === 'line')
          .map(({ key, values }) => (
            <path key={key} class="line-path" data-series={key} d={linePath(values, highest, HEIGHT)} />
          ))}
      </svg>
      <div class="times" aria-hidden="true">
        <span>{named(starts[0])}</span>
        {at === null ? (
          <span>{named(starts[Math.floor(starts.length / 2)])}</span>
        ) : (
          <strong>
            {named(starts[at])}
            {series.map(({ label, values }) =>
              values[at] == null ? '' : ` · ${label} ${format(values[at])}`,
            )}
          </strong>
        )}
        <span>{named(starts.at(-1))}</span>
      </div>
    </div>
  );
}

function highestOf(series: readonly Series[], length: number): number {
  let highest = 0;
  for (let index = 0; index < length; index += 1) {
    let stack = 0;
    for (const { kind, values } of series) {
      const value = values[index] ?? 0;
      if (kind === 'bar') stack += value;
      else highest = Math.max(highest, value);
    }
    highest = Math.max(highest, stack);
  }
  return highest;
}

function indexUnder(event: PointerEvent, count: number): number {
  const { left, width } = (event.currentTarget as Element).getBoundingClientRect();
  return Math.min(count - 1, Math.max(0, Math.floor(((event.clientX - left) / width) * count)));
}
