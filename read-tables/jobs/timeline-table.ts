import type { DerivedTable } from '../../read-store/projection-engine/projection-definition.ts';
import type { StoredEvent } from '../../read-store/projection-engine/stored-event.ts';
import {
  columnsFor,
  listed,
  valuesBy,
  type DefinedTable,
} from '../../read-store/projection-engine/table-definition.ts';
import type { EventMetadata } from '../../schemas/events/event-metadata.ts';
import type { JobEvent } from '../../schemas/events/job-events.ts';
import { jobIdOfStream } from '../../schemas/events/streams.ts';
import type { JobRow } from './jobs-table.ts';

interface Entry {
  readonly event: JobEvent;
  readonly recorded: StoredEvent;
  readonly metadata: EventMetadata;
}

const COLUMNS = columnsFor<Entry>()({
  job_id: { type: 'uuid', comment: 'The job.', of: ({ recorded }) => jobIdOfStream(recorded.stream) },
  revision: {
    type: 'bigint',
    comment: 'Place of the event in the job’s stream, from 0.',
    of: ({ recorded }) => recorded.revision,
  },
  position: {
    type: 'bigint',
    comment: 'Position of the event in the log.',
    of: ({ recorded }) => recorded.position,
  },
  at: { type: 'timestamptz', comment: 'When its command was handled.', of: ({ event }) => event.data.at },
  type: { type: 'text', comment: 'Type of the event.', of: ({ event }) => event.type },
  actor: { type: 'text', comment: 'Who asked for it.', of: ({ metadata }) => metadata.actor },
  correlation_id: {
    type: 'text',
    comment: 'The request that it belongs to.',
    of: ({ metadata }) => metadata.correlationId,
  },
  causation_id: {
    type: 'text',
    comment: 'The event or request that caused it.',
    of: ({ metadata }) => metadata.causationId,
  },
  data: {
    type: 'jsonb',
    comment: 'The event in its current version.',
    of: ({ event }) => JSON.stringify(event.data),
  },
});

const valuesOf = valuesBy(COLUMNS);

/** The audit timeline: every event of a job in today's event version (R03.02). */
export const timelineTable: DerivedTable<JobEvent, JobRow> & DefinedTable = {
  name: 'job_events',
  columns: listed(COLUMNS),
  keyColumns: 2,
  keyMade: 'at-end',
  writes: 'append',
  // The timeline grows nearly in the order of time, so a small index of block ranges is enough.
  indexes: { job_events_by_at: 'using brin (at, position) with (pages_per_range = 16, autosummarize = on)' },
  entriesOf: (event, recorded) => [
    valuesOf({ event, recorded, metadata: recorded.metadata as EventMetadata }),
  ],
};
