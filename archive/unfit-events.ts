import { EventNotUnderstood } from '../schemas/events/event-versions.ts';
import { isMisnamedJobStream, jobIdOfStream } from '../schemas/events/streams.ts';
import { understandJobEvent } from '../schemas/events/understand-job-event.ts';
import type { ArchivedEvent } from './event-line.ts';

/** An event of an archive that no job can use: its stream, its revision, and the reason. */
export interface UnfitEvent {
  readonly stream: string;
  readonly revision: string;
  readonly why: string;
}

/** Most events in a report; `docket verify` names all of them. */
const UNFIT_MAX = 20;

/**
 * Notes the streams of a batch that a running Docket will hold in quarantine or skip, each with its first such event.
 * The import includes them, because an archive is the whole log. Without these events, its seals could not be
 * verified (ADR 0111).
 */
export function noteUnfit(noted: UnfitEvent[], batch: readonly ArchivedEvent[]): void {
  for (const event of batch) {
    if (noted.length >= UNFIT_MAX) return;
    const { stream, revision } = event;
    if (noted.some((known) => known.stream === stream)) continue;
    const why = whyUnfit(event);
    if (why !== null) noted.push({ stream, revision: revision.toString(), why });
  }
}

function whyUnfit(event: ArchivedEvent): string | null {
  if (isMisnamedJobStream(event.stream)) return 'the name of the stream is no job id';
  if (jobIdOfStream(event.stream) === null) return null;
  try {
    understandJobEvent(event);
    return null;
  } catch (error) {
    if (error instanceof EventNotUnderstood) return error.message;
    throw error;
  }
}
