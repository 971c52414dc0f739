import type { RecordedEvent } from '../event-store/event-log.ts';
import { limitIn, METADATA_STREAM_PREFIX } from '../event-store/stream-limit.ts';

/**
 * Finds lasting streams that somebody deleted or limited, so that readers cannot see all their events. Docket itself
 * never deletes or limits such a stream.
 */
export function hiddenStreams() {
  const hidden = new Map<string, string>();
  return {
    /**
     * Takes an event. Notes an event of a metadata stream; the last event of each such stream counts.
     * @returns true for an event of a metadata stream
     */
    take: ({ stream, data }: RecordedEvent) => {
      if (!stream.startsWith(METADATA_STREAM_PREFIX)) return false;
      const subject = stream.slice(METADATA_STREAM_PREFIX.length);
      const limit = limitIn(data);
      if (limit === null) hidden.delete(subject);
      else
        hidden.set(
          subject,
          'it was deleted or limited in the event store ' +
            `(${limit}): its events are hidden from readers and gone after the next scavenge`,
        );
      return true;
    },
    found: () => [...hidden].map(([stream, message]) => ({ stream, message })),
  };
}
