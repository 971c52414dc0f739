import { EventNotUnderstood, understandEvent } from './event-versions.ts';
import { JOB_EVENT_SCHEMAS, type JobEvent } from './job-events.ts';
import { jobIdOfStream } from './streams.ts';

/**
 * Reads an event of a job's stream like `understandEvent`, and checks that it belongs to that stream. The projector,
 * the feeder of the work list and every command thus agree on the events of a job.
 *
 * @throws EventNotUnderstood also when the event does not belong to a job's stream, or to this one
 */
export function understandJobEvent(recorded: {
  readonly stream: string;
  readonly type: string;
  readonly data: unknown;
  readonly metadata: unknown;
}): JobEvent {
  const jobId = jobIdOfStream(recorded.stream);
  if (jobId === null) throw new EventNotUnderstood(recorded.type, 'its stream is not the stream of a job');
  const event = understandEvent(recorded);
  if (!Object.hasOwn(JOB_EVENT_SCHEMAS, event.type))
    throw new EventNotUnderstood(recorded.type, 'it does not belong into the stream of a job');
  if (event.type === 'DocumentUploaded' && event.data.jobId !== jobId)
    throw new EventNotUnderstood(recorded.type, 'it names another job than its stream');
  return event as JobEvent;
}
