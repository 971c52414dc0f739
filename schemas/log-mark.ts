/**
 * The event of the log that a checkpoint stands on. A position alone is not enough. Another log, or an older copy of
 * the same one that has grown again, has some event there as well (ADR 0112).
 */
export interface LogMark {
  /** Id of the first event that was ever read: the log's own identity, which a copy shares and another log does not. */
  readonly logId: string;
  /** Name of the last event that was read (`nameOfEvent`), and where it stands. */
  readonly eventId: string;
  readonly position: bigint;
}

const HASH = /^[0-9a-f]{64}$/;

/**
 * What tells an event from every other of every history: its chain hash, which covers its data and all of its stream
 * before it. Its id does not: a command that is sent again in another history makes the same id (ADR 0115). An event that
 * is not chained is named by its id.
 */
export function nameOfEvent({ id, metadata }: { readonly id: string; readonly metadata: unknown }): string {
  const hash = typeof metadata === 'object' && metadata !== null && 'hash' in metadata ? metadata.hash : null;
  return typeof hash === 'string' && HASH.test(hash) ? hash : id;
}

/** The mark after one more event; events may come twice or out of order, and the mark never goes back. */
export function markAfter(
  mark: LogMark | null,
  event: { readonly id: string; readonly position: bigint; readonly metadata: unknown },
): LogMark {
  const { id, position } = event;
  if (mark !== null && position <= mark.position) return mark;
  return { logId: mark?.logId ?? id, eventId: nameOfEvent(event), position };
}
