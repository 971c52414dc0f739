import type { RecordedEvent } from '../../event-store/event-log.ts';
import { EventNotUnderstood, understandEvent } from '../../schemas/events/event-versions.ts';
import { jobIdOfStream } from '../../schemas/events/streams.ts';
import type { KeepingPolicy } from './kept-job.ts';
import { releaseFile, type NamedFile, type ReleaseParts } from './release-file.ts';

/** Number of events in one page. The next constant is the number of events that a scan settles at the same time. */
const PAGE_EVENTS = 256;
const SETTLED_AT_ONCE = 8;

/** A scan of one kind of events. Each event names a file that retention may have to remove. */
export type ScanName = 'uploads' | 'results' | 'downloads' | 'expiries';

const EVENT_TYPES: Readonly<Record<ScanName, readonly string[]>> = {
  uploads: ['DocumentUploaded'],
  results: ['ConversionSucceeded'],
  downloads: ['ResultDownloaded'],
  expiries: ['ResultExpired', 'SourceExpired'],
};

/**
 * The position at which each scan stopped. No later scan needs an event up to this position. A lost mark only costs
 * time.
 */
export interface ScanMarks {
  markOf(scan: ScanName): bigint | 'start';
  /** Stores a mark between batches; null while nothing is settled. An error from it ends the scan. */
  keep(scan: ScanName, position: bigint | null): Promise<void>;
}

export interface ScanParts extends ReleaseParts {
  readonly policy: KeepingPolicy;
  readonly marks: ScanMarks;
}

/** The scans of a full run, in order. */
export function scansOf(policy: KeepingPolicy): readonly ScanName[] {
  return [
    'expiries',
    'uploads',
    'results',
    ...(policy.deleteResultOnDownload ? (['downloads'] as const) : []),
  ];
}

/**
 * Settles the files that events of a scan name, from the mark to the first event that is too young. Later events are
 * younger, so the scan ends at this event. The mark stops before the first file that must stay, and the next run
 * begins at the mark. Memory does not grow with the log.
 *
 * @throws LogUnavailable, StreamMovedOn, BlobStoreUnavailable, and the errors of `marks.keep`
 */
export async function runScan(parts: ScanParts, scan: ScanName): Promise<void> {
  const { log, marks } = parts;
  const head = await log.head();
  // A mark beyond the log's end belongs to another log, or to this log before an older copy was restored (D21).
  const marked = marks.markOf(scan);
  let after = marked !== 'start' && marked > head ? 'start' : marked;
  let mark: bigint | null = after === 'start' ? null : after;
  let isUnbroken = true;
  const bornBeforeMs = parts.clock.now() - youngestMs(scan, parts.policy);
  for (;;) {
    const page = await readPage(parts, scan, after);
    const old = page.filter(({ created }) => created.getTime() <= bornBeforeMs);
    for (let from = 0; from < old.length; from += SETTLED_AT_ONCE) {
      const batch = old.slice(from, from + SETTLED_AT_ONCE);
      const settled = await Promise.all(batch.map((recorded) => settle(parts, recorded)));
      const stays = settled.indexOf(false);
      const last = stays < 0 ? batch.at(-1) : batch[stays - 1];
      if (isUnbroken && last !== undefined) mark = last.position;
      isUnbroken &&= stays < 0;
      await marks.keep(scan, mark);
    }
    const last = page.at(-1);
    if (last === undefined || old.length < page.length || page.length < PAGE_EVENTS) {
      const isAtEnd = old.length === page.length;
      if (isAtEnd && isUnbroken) await marks.keep(scan, last && last.position > head ? last.position : head);
      return;
    }
    after = last.position;
  }
}

async function readPage(parts: ScanParts, scan: ScanName, after: bigint | 'start'): Promise<RecordedEvent[]> {
  const filter = { eventTypePrefixes: EVENT_TYPES[scan] };
  const page: RecordedEvent[] = [];
  for await (const event of parts.log.readAll(after, filter, PAGE_EVENTS)) page.push(event);
  return page;
}

/** The age below which no event of the scan can name a file to remove. */
function youngestMs(scan: ScanName, policy: KeepingPolicy): number {
  if (scan === 'uploads') return policy.sourceTtlMs;
  return scan === 'results' ? policy.resultTtlMs : 0;
}

async function settle(parts: ScanParts, recorded: RecordedEvent): Promise<boolean> {
  try {
    const files = await filesNamedBy(parts, recorded);
    const settled = await Promise.all(files.map((file) => releaseFile(parts, file)));
    return settled.every(Boolean);
  } catch (error) {
    if (!(error instanceof EventNotUnderstood)) throw error;
    parts.tally.notUnderstood();
    return false;
  }
}

async function filesNamedBy(parts: ScanParts, recorded: RecordedEvent): Promise<NamedFile[]> {
  const jobId = jobIdOfStream(recorded.stream);
  if (jobId === null) return [];
  const event = understandEvent(recorded);
  switch (event.type) {
    case 'DocumentUploaded':
      return [{ kind: 'source', jobId, blobKey: event.data.blobKey }];
    case 'SourceExpired':
      return [{ kind: 'source', jobId, blobKey: event.data.blobKey }];
    case 'ConversionSucceeded':
      return [{ kind: 'result', jobId, blobKey: event.data.result.blobKey }];
    case 'ResultExpired':
      return [{ kind: 'result', jobId, blobKey: event.data.blobKey }];
    case 'ResultDownloaded':
      return presentResult(parts, jobId, recorded);
    default:
      return [];
  }
}

/** A download names no blob, so the function takes the result that the job had at that moment. */
async function presentResult(
  parts: ScanParts,
  jobId: string,
  downloaded: RecordedEvent,
): Promise<NamedFile[]> {
  let blobKey: string | null = null;
  for await (const recorded of parts.log.readStream(downloaded.stream)) {
    if (recorded.revision >= downloaded.revision) break;
    const event = understandEvent(recorded);
    if (event.type === 'ConversionSucceeded') blobKey = event.data.result.blobKey;
  }
  return blobKey === null ? [] : [{ kind: 'result', jobId, blobKey }];
}
