/** The conditions that an append must satisfy before it enters the writer's queue. */
import type { StoreLimits } from '../storage/store-limits.ts';
import type { ProposedEvent } from '../../event-store/wire/proposed-event.ts';
import { EMPTY_STREAM_NAME } from './refusal.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const NIL_UUID = '00000000-0000-0000-0000-000000000000';
const ALL = Buffer.from('$all');
/** Memory that an append takes besides the bytes of its events. */
const REQUEST_BYTES = 512;

/** Bytes of an event that count towards the largest append. Only its content counts, as in EventStoreDB. */
export const eventBytes = (event: ProposedEvent): number => event.content.length;

/** Memory that an event takes while it waits in the store. */
export const heldBytes = ({ content, customMetadata, type }: ProposedEvent): number =>
  content.length + customMetadata.length + type.length + REQUEST_BYTES;

/** Memory that an append takes in the writer's queue. */
export const queuedBytes = (events: readonly ProposedEvent[]): number =>
  events.reduce((sum, event) => sum + heldBytes(event), REQUEST_BYTES);

/** Returns a sentence that says what is wrong with a stream's name, or null. */
export function streamNameFault(name: Buffer, limits: StoreLimits): string | null {
  if (name.length === 0) return EMPTY_STREAM_NAME;
  if (name.length > limits.maxStreamNameBytes)
    return `The stream name is longer than ${limits.maxStreamNameBytes} bytes.`;
  if (name.equals(ALL)) return 'Nothing can be written to $all.';
  return null;
}

/** Returns a sentence that says what is wrong with an event, or null. */
export function eventFault(event: ProposedEvent, limits: StoreLimits): string | null {
  if (!UUID.test(event.id) || event.id === NIL_UUID)
    return `The event id ${JSON.stringify(event.id)} is not a UUID.`;
  if (event.type.length === 0) return 'An event has no type.';
  if (event.type.length > limits.maxEventTypeBytes)
    return `An event type is longer than ${limits.maxEventTypeBytes} bytes.`;
  if (event.contentType.length === 0) return 'An event has no content type.';
  return null;
}
