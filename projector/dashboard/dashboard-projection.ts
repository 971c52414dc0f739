import { evolveOnce } from '../../conversion-job/evolve-once.ts';
import { ABSENT } from '../../conversion-job/job.ts';
import type { Projection } from '../../read-store/projection-engine/projection-definition.ts';
import type { StoredEvent } from '../../read-store/projection-engine/stored-event.ts';
import { EventNotUnderstood, understandEvent } from '../../schemas/events/event-versions.ts';
import { isActive } from '../../schemas/job-states.ts';
import { SERVICE_EVENT_SCHEMAS } from '../../schemas/events/service-events.ts';
import { GATEWAY_STREAM, jobIdOfStream, REJECTED_UPLOADS_STREAM } from '../../schemas/events/streams.ts';
import { understandJobEventOnce } from '../../schemas/events/understand-job-event.ts';
import { breakerTable } from '../../read-tables/dashboard/breaker-table.ts';
import { figuresTable, isJobEvent, type CountedEvent } from '../../read-tables/dashboard/figures-table.ts';
import { streamsTable, type CountedStream } from '../../read-tables/dashboard/streams-table.ts';

const SERVICE_STREAMS: readonly string[] = [GATEWAY_STREAM, REJECTED_UPLOADS_STREAM];

/**
 * Version 1 of the console's figures. The decider's own `evolve` gives the events their meaning, as it does for the
 * queue.
 */
export const dashboardProjection: Projection<CountedEvent, CountedStream> = {
  name: 'dashboard',
  version: 1,
  keyOf: (stream) => (jobIdOfStream(stream) !== null || SERVICE_STREAMS.includes(stream) ? stream : null),
  understand,
  fold: (row, event, { stream, revision }) => {
    if (!isJobEvent(event)) return { stream, job: ABSENT, activeSince: null, revision };
    const job = evolveOnce(row?.job ?? ABSENT, event, revision);
    if (job.state === 'absent') return undefined;
    const since = event.type === 'ConversionRequested' ? event.data.at : (row?.activeSince ?? event.data.at);
    return { stream, job, activeSince: isActive(job.state) ? since : null, revision };
  },
  rests: ({ job }) => job.state !== 'absent' && !isActive(job.state),
  rows: streamsTable,
  derived: [figuresTable, breakerTable],
};

/** @throws EventNotUnderstood */
function understand(recorded: StoredEvent): CountedEvent {
  if (!SERVICE_STREAMS.includes(recorded.stream)) return understandJobEventOnce(recorded);
  const event = understandEvent(recorded);
  if (!Object.hasOwn(SERVICE_EVENT_SCHEMAS, event.type))
    throw new EventNotUnderstood(recorded.type, 'it does not belong to a stream of the service');
  return event;
}
