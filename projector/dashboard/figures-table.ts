import { figuresOf } from '../../conversion-job/figures.ts';
import { ABSENT } from '../../conversion-job/job.ts';
import type { DerivedTable } from '../../read-store/projection-engine/projection.ts';
import type { Values } from '../../read-store/projection-engine/table.ts';
import { JOB_EVENT_SCHEMAS, type JobEvent } from '../../schemas/job-events.ts';
import type { ServiceEvent } from '../../schemas/service-events.ts';
import type { CountedStream } from './row.ts';

/** An event that the dashboard counts. */
export type CountedEvent = JobEvent | ServiceEvent;

export function isJobEvent(event: CountedEvent): event is JobEvent {
  return Object.hasOwn(JOB_EVENT_SCHEMAS, event.type);
}

/** Where the sum over all time is kept. */
export const EVER = '1970-01-01T00:00:00.000Z';
const QUARTER_MINUTES = 15;

/**
 * Every figure three times: in the minute of its event, for charts; in its quarter of an hour, so that months are
 * summed quickly and a day can begin where any time zone begins it; and in all, for what stands now.
 */
export const figuresTable: DerivedTable<CountedEvent, CountedStream> = {
  name: 'dashboard_figures',
  columns: [
    { name: 'grain', type: 'text' },
    { name: 'start', type: 'timestamptz' },
    { name: 'figure', type: 'text' },
    { name: 'detail', type: 'text' },
    { name: 'value', type: 'bigint' },
  ],
  keyColumns: 4,
  writes: 'add',
  entriesOf: (event, _recorded, before, after) => {
    if (!isJobEvent(event)) {
      const rejected = rejectedIn(event);
      return rejected === 0 ? [] : thrice(event.data.at, 'rejected', '', rejected);
    }
    const figures = figuresOf(event, before?.job ?? ABSENT, after?.job ?? ABSENT);
    return figures.flatMap(({ name, detail, value }) => thrice(event.data.at, name, detail, value));
  },
};

/** Files whose refusal the event records. */
function rejectedIn(event: ServiceEvent): number {
  if (event.type === 'UploadRejected') return 1;
  return event.type === 'UploadsRejected' ? event.data.counts.reduce((sum, { count }) => sum + count, 0) : 0;
}

function thrice(at: string, figure: string, detail: string, value: number): Values[] {
  return [
    ['minute', minuteOf(at), figure, detail, value],
    ['quarter', quarterOf(at), figure, detail, value],
    ['ever', EVER, figure, detail, value],
  ];
}

/** The minute of an instant. Instants in the log are `YYYY-MM-DDTHH:MM:SS.mmmZ`, so this is a matter of text. */
function minuteOf(at: string): string {
  return `${at.slice(0, 16)}:00.000Z`;
}

function quarterOf(at: string): string {
  const minutes = Number(at.slice(14, 16));
  const start = String(minutes - (minutes % QUARTER_MINUTES)).padStart(2, '0');
  return `${at.slice(0, 14)}${start}:00.000Z`;
}
