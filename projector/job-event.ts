import type { StoredEvent } from '../read-store/projection-engine/stored-event.ts';
import type { JobEvent } from '../schemas/job-events.ts';
import { understandJobEvent } from '../schemas/understand-job-event.ts';

/** What an event was understood as: projections that are built together are given the same objects. */
const understood = new WeakMap<StoredEvent, JobEvent>();

/**
 * Reads an event of a job's stream; one that was read before is not read again.
 * @throws EventNotUnderstood
 */
export function understandJobEventOnce(recorded: StoredEvent): JobEvent {
  const known = understood.get(recorded);
  if (known) return known;
  const event = understandJobEvent(recorded);
  understood.set(recorded, event);
  return event;
}
