import { evolve } from '../../conversion-job/evolve.ts';
import { ABSENT, type ExistingJob } from '../../conversion-job/job.ts';
import { jobIdOfStream } from '../../schemas/events/streams.ts';
import type { FedEvent } from '../work-list/fold-changes.ts';
import type { WorkChange } from '../work-list/work-change.ts';
import type { ClaimedItem } from '../work-list/work-list.ts';

/** The worker of this processor that has begun a job, and the time for which the job is reserved for the worker. */
export interface Reservation {
  readonly workerId: string;
  readonly reserveMs: number;
}

/** Begins a new job at once when a worker is free and no other job waits; null when it has to go to the list. */
export type BeginAtOnce = (item: ClaimedItem) => Reservation | null;

export interface HandOver {
  /** True when the event is the request of a new job, and a worker has begun it. */
  readonly offer: (fed: FedEvent) => boolean;
  /** Returns the changes to write. A job that was begun enters the list as claimed. */
  readonly reserved: (changes: readonly WorkChange[]) => WorkChange[];
  /**
   * Called when these changes are written. The hand-over then forgets their jobs, because all later events come from
   * the log.
   */
  readonly written: (changes: readonly WorkChange[]) => void;
}

/**
 * Hands new jobs to free workers of the processor that feeds the list, as soon as it reads their events. Such a job
 * needs no claim. A job that ends before its row is written never gets a row (ADR 0165).
 *
 * The checkpoint moves past a request only together with the job's row. So after a crash the next feeder reads the
 * request again.
 */
export function handOver(beginAtOnce: BeginAtOnce): HandOver {
  let uploaded: { readonly jobId: string; readonly job: ExistingJob } | null = null;
  const begun = new Map<string, { readonly revision: bigint; readonly reservation: Reservation }>();

  return {
    offer: ({ recorded, event, hash }) => {
      const before = uploaded;
      uploaded = null;
      if ('notUnderstood' in event) return false;
      const { revision, stream } = recorded;
      if (event.type === 'DocumentUploaded' && revision === 0n) {
        const jobId = jobIdOfStream(stream);
        const job = evolve(ABSENT, event, revision);
        if (jobId !== null && job.state !== 'absent') uploaded = { jobId, job };
        return false;
      }
      if (event.type !== 'ConversionRequested' || before === null || hash === null) return false;
      const { jobId } = before;
      if (revision !== before.job.revision + 1n || jobIdOfStream(stream) !== jobId) return false;
      const job = evolve(before.job, event, revision);
      if (job.state === 'absent') return false;
      const item = { jobId, owner: job.owner, revision, notBefore: null, known: { job, hash } };
      const reservation = beginAtOnce(item);
      if (reservation !== null) begun.set(jobId, { revision, reservation });
      return reservation !== null;
    },
    reserved: (changes) =>
      changes.map((change) => {
        const handed = begun.get(change.jobId);
        // A job that was begun and abandoned before its row is written is offered to everybody.
        if (handed?.revision !== change.revision || change.placement.place !== 'offered') return change;
        return { ...change, placement: { place: 'claimed', ...handed.reservation } };
      }),
    written: (changes) => {
      for (const { jobId } of changes) begun.delete(jobId);
    },
  };
}
