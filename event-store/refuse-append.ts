import { NIL, validate } from 'uuid';
import { AppendRefused } from './errors.ts';
import type { EventToAppend } from './event-log.ts';

/**
 * Refuses what must never reach the client: EventStoreDB answers an event id that is no UUID or an empty type twice,
 * which silences the client for good, and a stream called `$$` ends the server's process.
 *
 * @throws AppendRefused
 */
export function refuseMalformed(stream: string, events: readonly EventToAppend[]): void {
  if (stream === '' || stream.startsWith('$'))
    throw new AppendRefused(stream === '' ? 'a stream without a name' : stream, 'it is no stream of Docket');
  if (events.length === 0) throw new AppendRefused(stream, 'there is no event to append');
  for (const { id, type } of events) {
    if (!validate(id) || id === NIL)
      throw new AppendRefused(stream, `"${id}" is no UUID that an event may have`);
    if (type === '') throw new AppendRefused(stream, `event ${id} has no type`);
  }
}
