import { randomUUID } from 'node:crypto';
import { StreamMovedOn } from './errors.ts';
import type { EventLog, RecordedEvent } from './event-log.ts';
import { readLastEvent } from './calls/read.ts';
import type { Transport } from './transport.ts';

/** The metadata stream of a stream. It holds the limits of the stream. A deletion is also stored as a limit. */
export const METADATA_STREAM_PREFIX = '$$';
const METADATA_TYPE = '$metadata';
/**
 * Limits that hide events from readers. A scavenge then removes these events. Docket sets no limit on a job's stream.
 */
const LIMITS = ['$tb', '$maxCount', '$maxAge'] as const;

/** Returns the first limit in the metadata of a stream, or null. A soft delete sets `$tb`. */
export function limitIn(metadata: unknown): (typeof LIMITS)[number] | null {
  const named = metadata as Record<string, unknown> | null | undefined;
  return LIMITS.find((name) => Number(named?.[name] ?? 0) > 0) ?? null;
}

/**
 * True when somebody deleted or limited the stream. The limits stay, and the events stay until a scavenge.
 * @throws LogUnavailable
 */
export async function isHidden(log: Pick<EventLog, 'readLast'>, stream: string): Promise<boolean> {
  const metadata = await log.readLast(`${METADATA_STREAM_PREFIX}${stream}`);
  return limitIn(metadata?.data) !== null;
}

/**
 * Limits a stream by age, so that readers no longer get older events. Other limits of the stream stay.
 *
 * @param maxAgeSec whole seconds
 * @throws LogUnavailable; StreamMovedOn when somebody else sets the limits at the same time
 */
export async function setMaxAge(
  { append, read }: Pick<Transport, 'append' | 'read'>,
  limited: string,
  maxAgeSec: number,
): Promise<void> {
  const stream = `${METADATA_STREAM_PREFIX}${limited}`;
  const write = async (last: RecordedEvent | null): Promise<void> => {
    const data = { ...(last?.data as object | undefined), $maxAge: maxAgeSec };
    const events = [{ id: randomUUID(), type: METADATA_TYPE, data, metadata: {} }];
    await append({ stream, events, expected: last?.revision ?? 'no_stream' });
  };
  try {
    // Most streams have no metadata yet.
    await write(null);
  } catch (error) {
    if (!(error instanceof StreamMovedOn)) throw error;
    await write(await readLastEvent(read, stream));
  }
}
