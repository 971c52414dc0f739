import type { RecordedEvent } from '../event-store/event-log.ts';
import { limitIn, METADATA_STREAM_PREFIX } from '../event-store/stream-limit.ts';

/** A stream whose events are in the log and are given to nobody who reads the stream. */
export interface HiddenStream {
  readonly stream: string;
  readonly message: string;
}

/** Finds lasting streams that somebody deleted or limited, which Docket never does. */
export interface HiddenStreams {
  /** True for an event of a metadata stream, which is noted; what it says last counts. */
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
