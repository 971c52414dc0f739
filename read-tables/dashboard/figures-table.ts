import { figuresOf } from '../../conversion-job/figures.ts';
import { ABSENT } from '../../conversion-job/job.ts';
import type { DerivedTable } from '../../read-store/projection-engine/projection-definition.ts';
import {
  columnsFor,
  listed,
  valuesBy,
  type DefinedTable,
} from '../../read-store/projection-engine/table-definition.ts';
import type { Values } from '../../read-store/projection-engine/table.ts';
import { JOB_EVENT_SCHEMAS, type JobEvent } from '../../schemas/events/job-events.ts';
import type { ServiceEvent } from '../../schemas/events/service-events.ts';
import type { CountedStream } from './streams-table.ts';

/** An event that the dashboard counts. */
export type CountedEvent = JobEvent | ServiceEvent;

export function isJobEvent(event: CountedEvent): event is JobEvent {
  return Object.hasOwn(JOB_EVENT_SCHEMAS, event.type);
}

/** The key of the sums over all time. */
export const EVER = '1970-01-01T00:00:00.000Z';
const QUARTER_MINUTES = 15;
/** Length of `YYYY-MM-DDTHH:MM`. */
const MINUTE_CHARS = 16;

interface Figure {
  readonly grain: 'minute' | 'quarter' | 'ever';
  readonly start: string;
  readonly figure: string;
  readonly detail: string;
  readonly value: number;
}

const COLUMNS = columnsFor<Figure>()({
  grain: {
    type: 'text',
    known: { as: 'dashboard_grain_known', words: ['minute', 'quarter', 'ever'] },
    comment: 'How long a time the row counts.',
    of: ({ grain }) => grain,
  },
  start: { type: 'timestamptz', comment: 'When that time begins.', of: ({ start }) => start },
  figure: { type: 'text', comment: 'What is counted.', of: ({ figure }) => figure },
  detail: { type: 'text', comment: 'Of which kind, such as a failure code.', of: ({ detail }) => detail },
  value: { type: 'bigint', comment: 'The count, or the sum.', of: ({ value }) => value },
});

const valuesOf = valuesBy(COLUMNS);

/**
 * The table stores every figure three times. Charts use the figures by the minute. Sums over months use the figures by
 * the quarter of an hour, because a day of any time zone begins at such a quarter. The present state uses the totals.
 */
export const figuresTable: DerivedTable<CountedEvent, CountedStream> & DefinedTable = {
  name: 'dashboard_figures',
  columns: listed(COLUMNS),
  keyColumns: 4,
  keyMade: 'with-table',
  // A partial index is enough, because few minutes contain a removal.
  indexes: {
    dashboard_figures_removals:
      "(start) where grain = 'minute' and figure in ('removed_sources', 'removed_results')",
  },
  writes: 'add',
  entriesOf: (event, _recorded, before, after) => {
    if (!isJobEvent(event)) {
      const rejected = rejectedIn(event);
      return rejected === 0
        ? []
        : inEachGrain(event.data.at, [{ name: 'rejected', detail: '', value: rejected }]);
    }
    return inEachGrain(event.data.at, figuresOf(event, before?.job ?? ABSENT, after?.job ?? ABSENT));
  },
};

/** The number of files whose refusal the event records. */
function rejectedIn(event: ServiceEvent): number {
  if (event.type === 'UploadRejected') return 1;
  return event.type === 'UploadsRejected' ? event.data.counts.reduce((sum, { count }) => sum + count, 0) : 0;
}

type Counted = Pick<Figure, 'detail' | 'value'> & { readonly name: string };

/** The rows of a figure by minute, by quarter and in all, in this order. */
type RowsOfFigure = readonly [Values, Values, Values];

/** Most figures of one minute whose rows are kept. Only counts are kept, because sums of bytes are mostly different. */
const KEPT_FIGURES_MAX = 256;
const kept = new Map<string, RowsOfFigure>();
let keptMinute = '';
let keptQuarter = '';

function inEachGrain(at: string, counted: readonly Counted[]): Values[] {
  const rows: Values[] = [];
  if (counted.length === 0) return rows;
  const minute = minuteOf(at);
  if (minute !== keptMinute || kept.size >= KEPT_FIGURES_MAX) {
    keptMinute = minute;
    keptQuarter = quarterOf(at);
    kept.clear();
  }
  const figures = counted.map(rowsInKeptMinute);
  // Rows of one grain follow each other, with one text for its start. `runningSums` finds them faster so.
  for (const grain of [0, 1, 2] as const) for (const each of figures) rows.push(each[grain]);
  return rows;
}

/**
 * The events of one minute mostly add the same few counts. They get the same rows again, because new rows for each
 * event are a sixth of a projector's garbage under load.
 */
function rowsInKeptMinute({ name: figure, detail, value }: Counted): RowsOfFigure {
  const isCount = Math.abs(value) === 1;
  const key = isCount ? `${value} ${figure} ${detail}` : '';
  const known = isCount ? kept.get(key) : undefined;
  if (known !== undefined) return known;
  const rows: RowsOfFigure = [
    valuesOf({ grain: 'minute', start: keptMinute, figure, detail, value }),
    valuesOf({ grain: 'quarter', start: keptQuarter, figure, detail, value }),
    valuesOf({ grain: 'ever', start: EVER, figure, detail, value }),
  ];
  if (isCount) kept.set(key, rows);
  return rows;
}

/** The minute of an instant, cut from its text, because instants in the log are `YYYY-MM-DDTHH:MM:SS.mmmZ`. */
function minuteOf(at: string): string {
  return `${at.slice(0, MINUTE_CHARS)}:00.000Z`;
}

function quarterOf(at: string): string {
  const minutes = Number(at.slice(14, 16));
  const start = String(minutes - (minutes % QUARTER_MINUTES)).padStart(2, '0');
  return `${at.slice(0, 14)}${start}:00.000Z`;
}
