import type { JobEvent } from './job-events.ts';
import { understandJobEvent } from './understand-job-event.ts';

type Recorded = Parameters<typeof understandJobEvent>[0];

/**
 * Caches the result for each event, so that followers of one process, and projections built together, share the same
 * objects.
 */
const understood = new WeakMap<Recorded, JobEvent>();

/**
 * Reads an event of a job's stream like `understandJobEvent`, and checks each event only once in this process.
 *
 * @throws EventNotUnderstood
 */
export function understandJobEventOnce(recorded: Recorded): JobEvent {
  const known = understood.get(recorded);
  if (known) return known;
  const event = understandJobEvent(recorded);
  understood.set(recorded, event);
  return event;
}
