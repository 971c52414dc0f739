import type { JobDecider } from '../../conversion-job/decider.ts';
import type { EventLog, RecordedEvent } from '../../event-store/event-log.ts';
import { differenceFrom } from '../../event-store/log-difference.ts';
import type { Log } from '../../runtime/log/log.ts';
import { Gauge, type Metrics } from '../../runtime/metrics/metrics.ts';
import { CodedError } from '../../schemas/errors/coded-error.ts';
import { EventNotUnderstood } from '../../schemas/events/event-versions.ts';
import type { StorageQuota } from '../../schemas/errors/error-codes.ts';
import type { UploadDocument } from '../../schemas/job-commands.ts';
import { markAfter, type LogMark } from '../../schemas/events/log-mark.ts';
import { JOB_STREAM_PREFIX, jobIdOfStream } from '../../schemas/events/streams.ts';
import { understandJobEventOnce } from '../../schemas/events/understand-job-event.ts';
import { foldStoredBytes } from './stored-bytes.ts';

const FOLLOWED = [JOB_STREAM_PREFIX] as const;

/** The owner has no room for this document. The job is unchanged. */
export class QuotaExceeded extends CodedError {
  readonly code = 'QUOTA_EXCEEDED';
  readonly quota: StorageQuota;

  constructor(quota: StorageQuota) {
    super('The owner has reached the limit of storage.');
    this.quota = quota;
  }
}

/**
 * Follows the log and adds up the stored bytes of each owner. The sums are only in memory: every start reads the log.
 * So the write side works without Postgres (ADR 0132).
 * @param options.allowedBytes limit of one owner
 */
export function followOwnerStorage(options: {
  log: Pick<EventLog, 'follow' | 'head' | 'eventAt' | 'readAll'>;
  allowedBytes: number;
  logger: Log;
  metrics: Metrics;
}) {
  const { log, allowedBytes, logger } = options;
  const stored = foldStoredBytes();
  const held = new Map<symbol, UploadDocument>();
  let known = false;
  let checkpoint = 'start' as bigint | 'start';
  let mark = null as LogMark | null;
  measureCountedJobs(options.metrics, stored);
  const { usedBy, fits } = roomFor(stored, held, allowedBytes);

  const startOverOnAnotherLog = async (): Promise<void> => {
    if (checkpoint === 'start') return;
    const difference = await differenceFrom(log, { checkpoint, mark, streamPrefixes: FOLLOWED });
    if (difference === null) return;
    logger.warn({ err: difference }, 'the storage of each owner is being counted again');
    known = false;
    checkpoint = 'start';
    mark = null;
    stored.clear();
    held.clear();
  };
  const apply = (recorded: RecordedEvent): void => {
    checkpoint = recorded.position;
    mark = markAfter(mark, recorded);
    const jobId = jobIdOfStream(recorded.stream);
    if (jobId === null) return;
    try {
      stored.apply(jobId, understandJobEventOnce(recorded));
    } catch (error) {
      // This build does not understand the event, so its size is unknown. The projector holds the job in quarantine and
      // reports it.
      if (!(error instanceof EventNotUnderstood)) throw error;
    }
    if (recorded.type !== 'DocumentUploaded') return;
    for (const [upload, document] of held) if (document.jobId === jobId) held.delete(upload);
  };
  const following = log.follow({
    filter: { streamPrefixes: FOLLOWED },
    after: async () => {
      await startOverOnAnotherLog();
      return checkpoint;
    },
    onEvent: apply,
    onCheckpoint: (position) => {
      if (checkpoint === 'start' || position > checkpoint) checkpoint = position;
    },
    onCaughtUp: () => {
      known = true;
    },
  });

  return {
    /** False until the log has been read to its end, and again while a replaced log is read. */
    isKnown: () => known,
    /** True when the document would fit now. It reserves nothing. */
    hasRoom: fits,
    /**
     * Runs one upload with a decider that reserves room for it, from the decision until its event appears in the log. A
     * document that already is a job needs no room. The decider throws QuotaExceeded.
     */
    holding: async <T>(decider: JobDecider, append: (decider: JobDecider) => Promise<T>) => {
      const upload = Symbol('upload');
      const keepingRoom: JobDecider = {
        ...decider,
        decide: (asked, job) => {
          held.delete(upload);
          const decision = decider.decide(asked, job);
          if (asked.type !== 'UploadDocument' || !('accepted' in decision) || decision.accepted.length === 0)
            return decision;
          if (!fits(asked)) throw new QuotaExceeded({ usedBytes: usedBy(asked.owner), allowedBytes });
          held.set(upload, asked);
          return decision;
        },
      };
      try {
        return await append(keepingRoom);
      } catch (error) {
        // When the outcome is unknown, the log later shows whether the upload succeeded.
        held.delete(upload);
        throw error;
      }
    },
    stop: () => following.stop(),
  };
}

/** The storage of each owner. It decides whether one more document fits. */
export type OwnerStorage = ReturnType<typeof followOwnerStorage>;

type StoredBytes = ReturnType<typeof foldStoredBytes>;

/** Adds up, for each owner, the stored bytes and the bytes whose event is not in the log yet. */
function roomFor(stored: StoredBytes, held: ReadonlyMap<symbol, UploadDocument>, allowedBytes: number) {
  /** A new PDF of a job replaces its old one. */
  const growthOf = ({ jobId, bytes }: Pick<UploadDocument, 'jobId' | 'bytes'>): number =>
    Math.max(0, bytes - stored.ofSource(jobId));
  const usedBy = (owner: string): number => {
    const onTheWay = new Map<string, number>();
    for (const document of held.values())
      if (document.owner === owner) onTheWay.set(document.jobId, growthOf(document));
    return [...onTheWay.values()].reduce((sum, bytes) => sum + bytes, stored.ofOwner(owner));
  };
  return {
    usedBy,
    fits: (document: Pick<UploadDocument, 'owner' | 'jobId' | 'bytes'>): boolean =>
      usedBy(document.owner) + growthOf(document) <= allowedBytes,
  };
}

function measureCountedJobs(metrics: Metrics, stored: StoredBytes): void {
  new Gauge({
    name: 'docket_storage_counted_jobs_count',
    help: 'Jobs with a stored file, as counted for the storage quota of owners',
    registers: [metrics],
    collect() {
      this.set(stored.jobs());
    },
  });
}
