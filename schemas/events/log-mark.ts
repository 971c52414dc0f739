/**
 * The event of the log on which a checkpoint stands. A position alone is not enough, because another log, or an older
 * copy that has grown again, also has an event at this position (ADR 0112).
 */
export interface LogMark {
  /**
   * The id of the first event ever read, which identifies the log. A copy has the same first event, another log does
   * not.
   */
  readonly logId: string;
  /** The name of the last event read (`nameOfEvent`), and its position. */
  readonly eventId: string;
  readonly position: bigint;
}

const HASH = /^[0-9a-f]{64}$/;

/**
 * Names an event uniquely among all histories, by its chain hash, which covers its data and all of its stream before
 * it. The event's id is not enough, because the same command in another history makes the same id (ADR 0115). An
 * event without a chain hash is named by its id.
 */
export function nameOfEvent({ id, metadata }: { readonly id: string; readonly metadata: unknown }): string {
  const hash = typeof metadata === 'object' && metadata !== null && 'hash' in metadata ? metadata.hash : null;
  return typeof hash === 'string' && HASH.test(hash) ? hash : id;
}

/** The mark after one more event. Events may come twice or out of order; the mark never goes back. */
export function markAfter(
  mark: LogMark | null,
  event: { readonly id: string; readonly position: bigint; readonly metadata: unknown },
): LogMark {
  const { id, position } = event;
  if (mark !== null && position <= mark.position) return mark;
  return { logId: mark?.logId ?? id, eventId: nameOfEvent(event), position };
}

/** The mark after several events: `markAfter` applied to one event after the other. */
export function markAfterAll(
  mark: LogMark | null,
  events: readonly Parameters<typeof markAfter>[1][],
): LogMark | null {
  const [first] = events;
  if (first === undefined) return mark;
  const last = events.reduce((newest, event) => (event.position > newest.position ? event : newest), first);
  return markAfter(mark ?? markAfter(null, first), last);
}
