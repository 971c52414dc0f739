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
import { JOB_EVENT_SCHEMAS, type JobEvent } from '../../schemas/job-events.ts';
import type { ServiceEvent } from '../../schemas/service-events.ts';
import type { CountedStream } from './streams-table.ts';

/** An event that the dashboard counts. */
export type CountedEvent = JobEvent | ServiceEvent;

export function isJobEvent(event: CountedEvent): event is JobEvent {
  return Object.hasOwn(JOB_EVENT_SCHEMAS, event.type);
}

/** The key of the sums over all time. */
export const EVER = '1970-01-01T00:00:00.000Z';
const QUARTER_MINUTES = 15;

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
 * Every figure is stored three times: by the minute for charts, by the quarter of an hour for sums over months, and
 * as a total for the present state. Quarters of an hour fit days that begin in any time zone.
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
      return rejected === 0 ? [] : inEachGrain(event.data.at, 'rejected', '', rejected);
    }
    const figures = figuresOf(event, before?.job ?? ABSENT, after?.job ?? ABSENT);
    return figures.flatMap(({ name, detail, value }) => inEachGrain(event.data.at, name, detail, value));
  },
};

/** The number of files whose refusal the event records. */
function rejectedIn(event: ServiceEvent): number {
  if (event.type === 'UploadRejected') return 1;
  return event.type === 'UploadsRejected' ? event.data.counts.reduce((sum, { count }) => sum + count, 0) : 0;
}

function inEachGrain(at: string, figure: string, detail: string, value: number): Values[] {
  return [
    valuesOf({ grain: 'minute', start: minuteOf(at), figure, detail, value }),
    valuesOf({ grain: 'quarter', start: quarterOf(at), figure, detail, value }),
    valuesOf({ grain: 'ever', start: EVER, figure, detail, value }),
  ];
}

/** The minute of an instant, cut from its text, because instants in the log are `YYYY-MM-DDTHH:MM:SS.mmmZ`. */
function minuteOf(at: string): string {
  return `${at.slice(0, 16)}:00.000Z`;
}

function quarterOf(at: string): string {
  const minutes = Number(at.slice(14, 16));
  const start = String(minutes - (minutes % QUARTER_MINUTES)).padStart(2, '0');
  return `${at.slice(0, 14)}${start}:00.000Z`;
}
