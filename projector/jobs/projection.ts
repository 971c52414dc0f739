import { evolve } from '../../conversion-job/evolve.ts';
import { ABSENT } from '../../conversion-job/job.ts';
import type { Projection } from '../../read-store/projection-engine/projection.ts';
import type { StoredEvent } from '../../read-store/projection-engine/stored-event.ts';
import { EventNotUnderstood, understandEvent } from '../../schemas/event-versions.ts';
import { JobId } from '../../schemas/ids.ts';
import { JOB_EVENT_SCHEMAS, type JobEvent } from '../../schemas/job-events.ts';
import { jobIdOfStream } from '../../schemas/streams.ts';
import { artifactsTable } from './artifacts-table.ts';
import { jobsTable } from './jobs-table.ts';
import type { JobRow } from './row.ts';
import { timelineTable } from './timeline-table.ts';

/**
 * Version 1 of the queue's read tables. The fold is the decider's own `evolve`, so the tables cannot mean anything
 * else by a state than the write side does.
 */
export const jobsProjection: Projection<JobEvent, JobRow> = {
  name: 'jobs',
  version: 1,
  keyOf: jobIdOfStream,
  understand,
  fold: (row, event, { revision, position }) => {
    const job = evolve(row?.job ?? ABSENT, event, revision);
    if (job.state === 'absent') return undefined;
    return { job, revision, position: row && row.position > position ? row.position : position };
  },
  rows: jobsTable,
  derived: [timelineTable, artifactsTable],
};

/** @throws EventNotUnderstood also when the event does not belong into a job's stream, or into this one */
function understand(recorded: StoredEvent): JobEvent {
  const jobId = jobIdOfStream(recorded.stream);
  if (!JobId.safeParse(jobId).success)
    throw new EventNotUnderstood(recorded.type, 'its stream is not the stream of a job');
  const event = understandEvent(recorded);
  if (!Object.hasOwn(JOB_EVENT_SCHEMAS, event.type))
    throw new EventNotUnderstood(recorded.type, 'it does not belong into the stream of a job');
  if (event.type === 'DocumentUploaded' && event.data.jobId !== jobId)
    throw new EventNotUnderstood(recorded.type, 'it names another job than its stream');
  return event as JobEvent;
}
