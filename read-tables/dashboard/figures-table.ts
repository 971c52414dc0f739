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
/** Place of the column `start` in a row. */
const START = Object.keys(COLUMNS).indexOf('start');

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

/** The rows of a count by minute, by quarter and in all. */
interface RowsOfCount {
  minute: Values;
  quarter: Values;
  readonly ever: Values;
}

/** Most counts whose rows are kept. Sums of bytes are mostly different, so their rows are not kept. */
const KEPT_COUNTS_MAX = 256;
/** The rows of counts by value, figure and detail. */
const kept = {
  more: new Map<string, Map<string, RowsOfCount>>(),
  fewer: new Map<string, Map<string, RowsOfCount>>(),
};
let keptCounts = 0;
/** The beginning of the last instant, and the starts of its minute and of its quarter. All rows of a minute share these texts. */
let beginning = '';
let minute = '';
let quarter = '';

/** The rows of one grain follow each other, with one text for its start. `runningSums` finds them faster so. */
function inEachGrain(at: string, counted: readonly Counted[]): Values[] {
  const count = counted.length;
  const rows = new Array<Values>(count * 3);
  if (count === 0) return rows;
  if (beginning === '' || !at.startsWith(beginning)) {
    beginning = at.slice(0, MINUTE_CHARS);
    minute = `${beginning}:00.000Z`;
    quarter = quarterOf(at);
  }
  for (let index = 0; index < count; index += 1) {
    const of = rowsOf(counted[index]!);
    rows[index] = of.minute;
    rows[index + count] = of.quarter;
    rows[index + 2 * count] = of.ever;
  }
  return rows;
}

/**
 * Most events add the same few counts. They get the same rows again, because new rows for each event are a sixth of a
 * projector's garbage under load.
 */
function rowsOf({ name: figure, detail, value }: Counted): RowsOfCount {
  const rowIn = (grain: Figure['grain'], start: string): Values =>
    valuesOf({ grain, start, figure, detail, value });
  const counts = value === 1 ? kept.more : value === -1 ? kept.fewer : null;
  const known = counts?.get(figure)?.get(detail);
  if (known === undefined) {
    const rows = {
      minute: rowIn('minute', minute),
      quarter: rowIn('quarter', quarter),
      ever: rowIn('ever', EVER),
    };
    if (counts !== null) keep(counts, { figure, detail }, rows);
    return rows;
  }
  if (known.minute[START] !== minute) {
    known.minute = rowIn('minute', minute);
    if (known.quarter[START] !== quarter) known.quarter = rowIn('quarter', quarter);
  }
  return known;
}

function keep(
  counts: Map<string, Map<string, RowsOfCount>>,
  { figure, detail }: Pick<Figure, 'figure' | 'detail'>,
  rows: RowsOfCount,
): void {
  if (keptCounts >= KEPT_COUNTS_MAX) {
    kept.more.clear();
    kept.fewer.clear();
    keptCounts = 0;
  }
  const byDetail = counts.get(figure) ?? new Map<string, RowsOfCount>();
  counts.set(figure, byDetail.set(detail, rows));
  keptCounts += 1;
}

/** The quarter of an hour of an instant, by its text, because instants in the log are `YYYY-MM-DDTHH:MM:SS.mmmZ`. */
function quarterOf(at: string): string {
  const minutes = Number(at.slice(14, 16));
  const start = String(minutes - (minutes % QUARTER_MINUTES)).padStart(2, '0');
  return `${at.slice(0, 14)}${start}:00.000Z`;
}
