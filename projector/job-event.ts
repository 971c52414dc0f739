import type { StoredEvent } from '../read-store/projection-engine/stored-event.ts';
import { EventNotUnderstood, understandEvent } from '../schemas/event-versions.ts';
import { JobId } from '../schemas/ids.ts';
import { JOB_EVENT_SCHEMAS, type JobEvent } from '../schemas/job-events.ts';
import { jobIdOfStream } from '../schemas/streams.ts';

/** What an event was understood as: projections that are built together are given the same objects. */
const understood = new WeakMap<StoredEvent, JobEvent>();

/**
 * Reads an event of a job's stream; one that was read before is not read again.
 * @throws EventNotUnderstood also when the event does not belong into a job's stream, or into this one
 */
export function understandJobEvent(recorded: StoredEvent): JobEvent {
  const known = understood.get(recorded);
  if (known) return known;
  const event = checkedJobEvent(recorded);
  understood.set(recorded, event);
  return event;
}

function checkedJobEvent(recorded: StoredEvent): JobEvent {
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
