import type { DerivedTable } from '../../read-store/projection-engine/projection.ts';
import type { EventMetadata } from '../../schemas/event-metadata.ts';
import type { JobEvent } from '../../schemas/job-events.ts';
import { jobIdOfStream } from '../../schemas/streams.ts';
import type { JobRow } from './row.ts';

/** The audit timeline: every event of a job as it happened, in the shape of today (R03.02). */
export const timelineTable: DerivedTable<JobEvent, JobRow> = {
  name: 'job_events',
  columns: [
    { name: 'job_id', type: 'uuid' },
    { name: 'revision', type: 'bigint' },
    { name: 'position', type: 'bigint' },
    { name: 'at', type: 'timestamptz' },
    { name: 'type', type: 'text' },
    { name: 'actor', type: 'text' },
    { name: 'correlation_id', type: 'text' },
    { name: 'causation_id', type: 'text' },
    { name: 'data', type: 'jsonb' },
  ],
  keyColumns: 2,
  writes: 'append',
  entriesOf: ({ type, data }, { stream, revision, position, metadata }) => {
    const { actor, correlationId, causationId } = metadata as EventMetadata;
    const jobId = jobIdOfStream(stream);
    return [
      [jobId, revision, position, data.at, type, actor, correlationId, causationId, JSON.stringify(data)],
    ];
  },
};
