import type { AllFilter, EventLog, RecordedEvent } from '../../event-store/event-log.ts';
import { passes } from '../../event-store/event-filter.ts';
import { FOLLOWED_STREAM_PREFIXES } from '../../schemas/events/streams.ts';

/**
 * A log whose events are read once and then answered from memory, for the ten readings of it that one check is.
 * `readAll` reads on to the end of the log first, so it is as good as the log's own; `readStream` answers what was
 * read by then, and asks the log for a stream that is not among it.
 */
export function copyOf(log: EventLog): EventLog {
  const events: RecordedEvent[] = [];
  const byStream = new Map<string, RecordedEvent[]>();
  let reading: Promise<void> = Promise.resolve();

  async function readOn(): Promise<void> {
    const after = events.at(-1)?.position ?? 'start';
    for await (const event of log.readAll(after, { streamPrefixes: FOLLOWED_STREAM_PREFIXES })) {
      events.push(event);
      const stream = byStream.get(event.stream);
      if (stream === undefined) byStream.set(event.stream, [event]);
      else stream.push(event);
    }
  }

  async function* readAll(
    after: bigint | 'start',
    filter: AllFilter,
    maxCount = Infinity,
  ): AsyncGenerator<RecordedEvent> {
    // One after the other: two that read on from the same event would both keep the next.
    reading = reading.then(readOn, readOn);
    await reading;
    const wanted = events.filter(
      (event) => (after === 'start' || event.position > after) && passes(event, filter),
    );
    yield* wanted.slice(0, maxCount);
  }

  function readStream(stream: string, fromRevision = 0n): AsyncIterable<RecordedEvent> {
    const kept = byStream.get(stream);
    return kept === undefined ? log.readStream(stream, fromRevision) : each(kept, fromRevision);
  }
  return { ...log, readAll, readStream };
}

async function* each(events: readonly RecordedEvent[], from: bigint): AsyncGenerator<RecordedEvent> {
  yield* events.filter(({ revision }) => revision >= from);
}
