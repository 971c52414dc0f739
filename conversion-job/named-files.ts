import { understandEvent } from '../schemas/events/event-versions.ts';

/** An event as the log stores it. */
interface StoredEvent {
  readonly type: string;
  readonly data: unknown;
  readonly metadata: unknown;
}

/** A file that an event names, with the hash in the event. */
export interface NamedFile {
  readonly kind: 'source' | 'result';
  readonly blobKey: string;
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * The file that an event creates; null for other events.
 * @throws EventNotUnderstood
 */
export function fileNamedBy(event: StoredEvent): NamedFile | null {
  if (event.type !== 'DocumentUploaded' && event.type !== 'ConversionSucceeded') return null;
  const understood = understandEvent(event);
  if (understood.type === 'DocumentUploaded') {
    const { blobKey, sha256, bytes } = understood.data;
    return { kind: 'source', blobKey, sha256, bytes };
  }
  if (understood.type !== 'ConversionSucceeded') return null;
  const { blobKey, sha256, bytes } = understood.data.result;
  return { kind: 'result', blobKey, sha256, bytes };
}

/**
 * The key of the file that an event removes; null for other events.
 * @throws EventNotUnderstood
 */
export function fileEndedBy(event: StoredEvent): string | null {
  if (event.type !== 'SourceExpired' && event.type !== 'ResultExpired') return null;
  const understood = understandEvent(event);
  return 'blobKey' in understood.data ? understood.data.blobKey : null;
}

/** Updates the files that should exist, by key, with more events. */
export function noteFiles<Of>(files: Map<string, NamedFile & Of>, event: StoredEvent, of: Of): void {
  const named = fileNamedBy(event);
  if (named) files.set(named.blobKey, { ...named, ...of });
  const ended = fileEndedBy(event);
  if (ended !== null) files.delete(ended);
}
