import { CodedError } from '../schemas/errors/coded-error.ts';
import { nameOfEvent, type LogMark } from '../schemas/events/log-mark.ts';
import type { EventLog, RecordedEvent } from './event-log.ts';

/**
 * The log is not the log for which a checkpoint was written. Everything derived from the other log must be removed
 * (ADR 0112).
 */
export class LogDiffers extends CodedError {
  readonly code = 'LOG_DIFFERS';
  override readonly retryable = true;

  constructor(why: string) {
    super(`The log is not the one that was read before: ${why}.`);
  }
}

/** The part of a checkpoint that can be compared with a log. */
export interface Standing {
  /** The position up to which the reader has read the log. */
  readonly checkpoint: bigint;
  /** Null for a checkpoint of a build without marks. Then only the position can be compared. */
  readonly mark: LogMark | null;
  /** Streams whose events may become the mark of a checkpoint. Events of these streams are never removed. */
  readonly streamPrefixes: readonly string[];
}

/**
 * Compares a checkpoint with a log. The log must not end before the checkpoint, and must have the mark's event at the
 * mark's position. Between the mark and the checkpoint, the log must have no event that the reader has not seen.
 *
 * @returns the reason why the log is another log, or null when it is the same
 * @throws LogUnavailable
 */
export async function differenceFrom(
  log: Pick<EventLog, 'head' | 'eventAt' | 'readAll'>,
  { checkpoint, mark, streamPrefixes }: Standing,
): Promise<LogDiffers | null> {
  const head = await log.head();
  const isSame =
    checkpoint <= head &&
    (mark === null ||
      (isMarked(await log.eventAt(mark.position), mark) &&
        !(await hasUnseen(log, { checkpoint, mark, streamPrefixes }))));
  if (isSame) return null;
  const isCopy = mark !== null && (await firstId(log, streamPrefixes)) === mark.logId;
  const what = isCopy ? 'it was restored from an older copy' : 'it was replaced by another or an older one';
  return new LogDiffers(
    `${what}; position ${checkpoint.toString()} was read, and this log ends at ${head.toString()}` +
      (checkpoint <= head ? ' with other events on the way' : ''),
  );
}

/** Old marks hold an event's id instead of its hash. */
function isMarked(event: RecordedEvent | null, { eventId }: LogMark): boolean {
  return event !== null && [nameOfEvent(event), event.id].includes(eventId);
}

async function hasUnseen(
  log: Pick<EventLog, 'readAll'>,
  { checkpoint, mark, streamPrefixes }: Standing & { readonly mark: LogMark },
): Promise<boolean> {
  if (mark.position >= checkpoint) return false;
  for await (const { position } of log.readAll(mark.position, { streamPrefixes }, 1))
    return position <= checkpoint;
  return false;
}

async function firstId(
  log: Pick<EventLog, 'readAll'>,
  streamPrefixes: readonly string[],
): Promise<string | null> {
  for await (const { id } of log.readAll('start', { streamPrefixes }, 1)) return id;
  return null;
}
