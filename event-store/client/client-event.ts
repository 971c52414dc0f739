import type { AllStreamRecordedEvent, RecordedEvent as ClientEvent } from '@eventstore/db-client';
import type { RecordedEvent } from '../event-log.ts';

/** The client's type for an event of a stream or of `$all`. */
export type RecordedByClient = ClientEvent | AllStreamRecordedEvent;

/**
 * Converts the client's event to Docket's. Older servers send no position when a stream is read; the position is then
 * 0n.
 */
export function recordedEvent(event: RecordedByClient): RecordedEvent {
  return {
    id: event.id,
    type: event.type,
    stream: event.streamId,
    revision: event.revision,
    position: event.position?.commit ?? 0n,
    created: event.created,
    data: event.data,
    metadata: event.metadata,
  };
}
