import { understandEvent } from '../schemas/event-versions.ts';

/** An event as it is stored. */
interface StoredEvent {
  readonly type: string;
  readonly data: unknown;
  readonly metadata: unknown;
}

/** A file that an event names, with the hash the event gives for it. */
export interface NamedFile {
  readonly kind: 'source' | 'result';
  readonly blobKey: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** The file that an event brings into being, or null. @throws EventNotUnderstood */
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

/** The key of the file that an event takes away, or null. @throws EventNotUnderstood */
export function fileEndedBy(event: StoredEvent): string | null {
  if (event.type !== 'SourceExpired' && event.type !== 'ResultExpired') return null;
  const understood = understandEvent(event);
  return 'blobKey' in understood.data ? understood.data.blobKey : null;
}

/** The files that should be there after a run of events, by key. */
export function noteFiles<Of>(files: Map<string, NamedFile & Of>, event: StoredEvent, of: Of): void {
  const named = fileNamedBy(event);
  if (named) files.set(named.blobKey, { ...named, ...of });
  const ended = fileEndedBy(event);
  if (ended !== null) files.delete(ended);
}
