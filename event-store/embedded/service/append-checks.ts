/** What an append must satisfy before it is put in the writer's queue. */
import type { StoreLimits } from '../limits.ts';
import type { ProposedEvent } from '../storage/write-request.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ALL = Buffer.from('$all');
/** What an append weighs beyond its events' bytes. */
const REQUEST_BYTES = 512;

/** An event's size as EventStoreDB counts it: content, metadata and two bytes for each character of its type. */
export const eventBytes = (event: ProposedEvent): number =>
  event.content.length + event.customMetadata.length + 2 * event.type.length;

/** What an append weighs in the writer's queue. */
export const queuedBytes = (events: readonly ProposedEvent[]): number =>
  events.reduce((sum, event) => sum + eventBytes(event) + REQUEST_BYTES, REQUEST_BYTES);

/** The sentence that says what is wrong with a stream's name, or null. */
export function streamNameFault(name: Buffer, limits: StoreLimits): string | null {
  if (name.length === 0) return 'The stream name is empty.';
  if (name.length > limits.maxStreamNameBytes)
    return `The stream name is longer than ${limits.maxStreamNameBytes} bytes.`;
  if (name.equals(ALL)) return 'Nothing can be written to $all.';
  return null;
}

/** The sentence that says what is wrong with an event, or null. */
export function eventFault(event: ProposedEvent, limits: StoreLimits): string | null {
  if (!UUID.test(event.id)) return `The event id ${JSON.stringify(event.id)} is not a UUID.`;
  if (event.type.length === 0) return 'An event has no type.';
  if (event.type.length > limits.maxEventTypeBytes)
    return `An event type is longer than ${limits.maxEventTypeBytes} bytes.`;
  if (event.contentType.length === 0) return 'An event has no content type.';
  return null;
}
