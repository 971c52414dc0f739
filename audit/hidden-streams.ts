import type { RecordedEvent } from '../event-store/event-log.ts';
import { limitIn, METADATA_STREAM_PREFIX } from '../event-store/stream-limit.ts';

/** A stream whose events are in the log and which readers cannot see. */
export interface HiddenStream {
  readonly stream: string;
  readonly message: string;
}

/** Finds lasting streams that somebody deleted or limited. Docket itself never deletes or limits such a stream. */
export interface HiddenStreams {
  /**
   * Takes an event. Notes an event of a metadata stream; the last event of each such stream counts.
   * @returns true for an event of a metadata stream
   */
  take(event: RecordedEvent): boolean;
  found(): HiddenStream[];
}

export function hiddenStreams(): HiddenStreams {
  const hidden = new Map<string, string>();
  return {
    take: ({ stream, data }) => {
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
