import type { EventLog } from './event-log.ts';

/** The stream that holds the limits of another one: deletion is one of them. */
export const METADATA_STREAM_PREFIX = '$$';
/** Limits that hide events from whoever reads the stream; a scavenge then removes them. Docket sets none on a job. */
const LIMITS = ['$tb', '$maxCount', '$maxAge'] as const;

/** The first limit that the metadata of a stream names, or null. A soft delete sets `$tb`. */
export function limitIn(metadata: unknown): (typeof LIMITS)[number] | null {
  const named = metadata as Record<string, unknown> | null | undefined;
  return LIMITS.find((name) => Number(named?.[name] ?? 0) > 0) ?? null;
}

/**
 * True when somebody deleted or limited the stream: it keeps its limits, and until a scavenge its events.
 * @throws LogUnavailable
 */
export async function isHidden(log: Pick<EventLog, 'readLast'>, stream: string): Promise<boolean> {
  const metadata = await log.readLast(`${METADATA_STREAM_PREFIX}${stream}`);
  return limitIn(metadata?.data) !== null;
}
