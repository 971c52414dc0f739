import type { AllFilter, RecordedEvent } from './event-log.ts';

/** True when a follower with this filter wants the event. */
export function passes(event: Pick<RecordedEvent, 'stream' | 'type'>, filter: AllFilter): boolean {
  return 'streamPrefixes' in filter
    ? filter.streamPrefixes.some((prefix) => event.stream.startsWith(prefix))
    : filter.eventTypePrefixes.some((prefix) => event.type.startsWith(prefix));
}
