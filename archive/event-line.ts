import { z } from 'zod';
import type { RecordedEvent } from '../event-store/event-log.ts';
import { PositionText } from '../schemas/ids.ts';

/** One event of an archive, as one line of JSON. `position` and `recordedAt` come from the original log. */
const EventLine = z.strictObject({
  stream: z.string().min(1),
  revision: PositionText,
  id: z.uuid(),
  type: z.string().min(1),
  position: PositionText,
  recordedAt: z.iso.datetime({ precision: 3 }),
  data: z.unknown(),
  /** An event of another program may have no metadata; older archives then omit the field. */
  metadata: z.unknown().optional(),
});

export interface ArchivedEvent {
  readonly stream: string;
  readonly revision: bigint;
  readonly id: string;
  readonly type: string;
  readonly position: bigint;
  readonly data: unknown;
  readonly metadata: unknown;
}

/**
 * Makes the line of an event.
 * @param revision the event's revision within the archive
 */
export function lineOf(event: RecordedEvent, revision: bigint): string {
  const { stream, id, type, position, created, data, metadata } = event;
  const line = {
    stream,
    revision: revision.toString(),
    id,
    type,
    position: position.toString(),
    recordedAt: created.toISOString(),
    data,
    metadata: metadata ?? null,
  };
  return `${JSON.stringify(line)}\n`;
}

/** Parses the event of a line. Returns the fault of a line that has no event. */
export function eventOfLine(line: string): ArchivedEvent | { readonly wrong: string } {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return { wrong: 'it is not JSON' };
  }
  const parsed = EventLine.safeParse(json);
  if (!parsed.success) return { wrong: z.prettifyError(parsed.error).replaceAll('\n', ' ') };
  const { recordedAt: _recordedAt, revision, position, metadata = null, ...rest } = parsed.data;
  return { ...rest, metadata, revision: BigInt(revision), position: BigInt(position) };
}
