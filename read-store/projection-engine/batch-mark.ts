import { markAfterAll, type LogMark } from '../../schemas/events/log-mark.ts';
import { isLastingStream } from '../../schemas/events/streams.ts';
import type { StoredEvent } from './stored-event.ts';

/**
 * The mark after a batch: its last permanent event up to `through`. An event that the log may drop by age cannot be
 * the mark, because without it the log would look like another log.
 */
export function markAfterBatch(
  mark: LogMark | null,
  batch: readonly StoredEvent[],
  through: bigint,
): LogMark | null {
  return markAfterAll(
    mark,
    batch.filter(({ position, stream }) => position <= through && isLastingStream(stream)),
  );
}
