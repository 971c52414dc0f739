import { evolve } from '../conversion-job/evolve.ts';
import { ABSENT, type Job } from '../conversion-job/job.ts';
import { whyUnlawful } from '../conversion-job/lawful.ts';
import { noteFiles, type NamedFile } from '../conversion-job/named-files.ts';
import type { EventLog, RecordedEvent } from '../event-store/event-log.ts';
import { METADATA_STREAM_PREFIX } from '../event-store/stream-limit.ts';
import { EventNotUnderstood, understandEvent } from '../schemas/events/event-versions.ts';
import { understandJobEvent } from '../schemas/events/understand-job-event.ts';
import { noRelatedRows, rowsAfter, type RelatedRows } from '../read-tables/jobs/related-rows.ts';
import { hiddenStreams } from './hidden-streams.ts';
import { jobIdOf } from '../schemas/name-based-ids.ts';
import type { JobEvent } from '../schemas/events/job-events.ts';
import {
  FOLLOWED_STREAM_PREFIXES,
  isMisnamedJobStream,
  JOB_STREAM_PREFIX,
  jobIdOfStream,
} from '../schemas/events/streams.ts';

export interface StreamFault {
  readonly stream: string;
  readonly revision: string;
  readonly message: string;
}

export interface StreamsVerified {
  readonly events: number;
  readonly position: bigint;
  /** Every job at `position`, according to its stream. */
  readonly jobs: ReadonlyMap<string, Job>;
  /** The rows that the same events make in the tables beside `jobs`. */
  readonly relatedRows: ReadonlyMap<string, RelatedRows>;
  /** Files that must exist, by key. */
  readonly files: ReadonlyMap<string, NamedFile & { readonly jobId: string }>;
  readonly faults: readonly StreamFault[];
}

/**
 * Reads every event once. Its shape must be one that Docket ever wrote, its revision must be the next of its stream,
 * and the decider must allow it. The memory is about 1.5 KB a job with its rows, and the name of each file that still
 * exists.
 *
 * @param options.faultsMax it stops after this many faults; 20 by default
 * @throws LogUnavailable, the signal's reason
 */
export async function verifyStreams(options: {
  readonly log: Pick<EventLog, 'readAll' | 'head'>;
  readonly faultsMax?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (position: bigint, head: bigint) => void;
}): Promise<StreamsVerified> {
  const { log, faultsMax = 20 } = options;
  const checker = streamChecker();
  const hidden = hiddenStreams();
  const head = await log.head();
  let events = 0;
  const streamPrefixes = [...FOLLOWED_STREAM_PREFIXES, `${METADATA_STREAM_PREFIX}${JOB_STREAM_PREFIX}`];
  for await (const event of log.readAll('start', { streamPrefixes })) {
    if (event.position > head || checker.faults.length >= faultsMax) break;
    if (hidden.take(event)) continue;
    checker.take(event);
    events += 1;
    if (events % 1_000 !== 0) continue;
    options.signal?.throwIfAborted();
    options.onProgress?.(event.position, head);
  }
  const { jobs, relatedRows, files } = checker;
  const deleted = hidden.found().map((each): StreamFault => ({ ...each, revision: '0' }));
  const all = [...checker.faults, ...deleted];
  return { events, position: head, jobs, relatedRows, files, faults: all.slice(0, faultsMax) };
}

function streamChecker() {
  const jobs = new Map<string, Job>();
  const relatedRows = new Map<string, RelatedRows>();
  const files = new Map<string, NamedFile & { jobId: string }>();
  const before = new Map<string, { revision: bigint; event: JobEvent }>();
  const faults: StreamFault[] = [];

  const check = (recorded: RecordedEvent, jobId: string): string | null => {
    const { stream, revision } = recorded;
    const last = before.get(stream);
    const expected = last === undefined ? 0n : last.revision + 1n;
    const event = understandJobEvent(recorded);
    before.set(stream, { revision, event });
    const job = jobs.get(jobId) ?? ABSENT;
    const after = evolve(job, event, revision);
    jobs.set(jobId, after);
    const rows = relatedRows.get(jobId) ?? noRelatedRows();
    relatedRows.set(jobId, rowsAfter(rows, { event, recorded }, { before: job, after }));
    noteFiles(files, recorded, { jobId });
    if (revision !== expected) return `it is in the place of event ${expected}`;
    if (event.type === 'DocumentUploaded' && !isOwnId(jobId, event.data))
      return 'its owner, mapping and content are those of another job';
    return whyUnlawful(job, event, last?.event ?? null);
  };
  return {
    jobs,
    relatedRows,
    files,
    faults,
    take: (recorded: RecordedEvent): void => {
      const jobId = jobIdOfStream(recorded.stream);
      const { stream, type } = recorded;
      const revision = recorded.revision.toString();
      try {
        const why = jobId === null ? whyOutside(recorded) : check(recorded, jobId);
        if (why !== null)
          faults.push({ stream, revision, message: `event ${revision} (${type}) cannot be: ${why}` });
      } catch (error) {
        if (!(error instanceof EventNotUnderstood)) throw error;
        faults.push({ stream, revision, message: `event ${revision}: ${error.message}` });
      }
    },
  };
}

/**
 * The fault of an event in a stream without a job; null when it has none.
 * @throws EventNotUnderstood
 */
function whyOutside(recorded: RecordedEvent): string | null {
  if (isMisnamedJobStream(recorded.stream)) return 'the name of its stream is no job id, so nothing reads it';
  understandEvent(recorded);
  return null;
}

function isOwnId(jobId: string, upload: Extract<JobEvent, { type: 'DocumentUploaded' }>['data']): boolean {
  return upload.jobId === jobId && jobIdOf(upload.owner, upload.mapping, upload.sha256) === jobId;
}
