/**
 * The event of the log that a checkpoint stands on. A position alone says nothing: another log, or an older copy of the
 * same one that has grown again, has some event there as well (ADR 0112).
 */
export interface LogMark {
  /** Id of the first event that was ever read: the log's own identity, which a copy shares and another log does not. */
  readonly logId: string;
  /** Id of the last event that was read, and where it stands. */
  readonly eventId: string;
  readonly position: bigint;
}

/** The mark after one more event; events may come twice or out of order, and the mark never goes back. */
export function markAfter(
  mark: LogMark | null,
  { id, position }: { readonly id: string; readonly position: bigint },
): LogMark {
  if (mark !== null && position <= mark.position) return mark;
  return { logId: mark?.logId ?? id, eventId: id, position };
}
