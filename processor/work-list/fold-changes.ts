import { evolve } from '../../conversion-job/evolve.ts';
import { ABSENT, type ExistingJob } from '../../conversion-job/job.ts';
import { jobIdOfStream } from '../../schemas/streams.ts';
import type { JobEvent } from '../../schemas/job-events.ts';
import { placementAfter, type Placement, type Standing, type WorkChange } from './work-change.ts';

/** An event of a job's stream, or the note that it could not be understood. */
export interface FedEvent {
  readonly stream: string;
  readonly revision: bigint;
  readonly position: bigint;
  readonly event: JobEvent | 'not-understood';
  /** The hash the event carries, or null for one from before events were chained. */
  readonly hash: string | null;
}

export interface FoldedChanges {
  readonly changes: readonly WorkChange[];
  /** Jobs that enter the list again and whose owner is only in their stream: they have to be looked up. */
  readonly lookUps: readonly string[];
}

interface Draft {
  revision: bigint;
  standing: Standing | null;
  placement: Placement | null;
  lookUp: boolean;
}

/**
 * Folds a run of the log into at most one change a job. Pure but for `uploads`: it remembers a job whose
 * `ConversionRequested` comes in a later run.
 *
 * @param uploads jobs uploaded for the first time and not yet requested; entries are added and taken away
 */
export function foldChanges(events: readonly FedEvent[], uploads: Map<string, ExistingJob>): FoldedChanges {
  const drafts = new Map<string, Draft>();
  for (const fed of events) {
    const jobId = jobIdOfStream(fed.stream);
    if (jobId === null) continue;
    const draft = drafts.get(jobId) ?? { revision: -1n, standing: null, placement: null, lookUp: false };
    drafts.set(jobId, draft);
    draft.revision = fed.revision;
    if (fed.event === 'not-understood') hold(draft, jobId, fed, uploads);
    else if (fed.event.type === 'DocumentUploaded') {
      const job = evolve(ABSENT, fed.event, fed.revision);
      // A re-upload has a stream behind it that this job does not know.
      if (fed.revision === 0n && job.state !== 'absent') uploads.set(jobId, job);
    } else if (draft.placement?.place !== 'held') advance(draft, jobId, fed, fed.event, uploads);
  }
  const changes: WorkChange[] = [];
  const lookUps: string[] = [];
  for (const [jobId, { revision, standing, placement, lookUp }] of drafts) {
    if (placement === null) continue;
    if (lookUp) lookUps.push(jobId);
    else changes.push({ jobId, revision, standing, placement });
  }
  return { changes, lookUps };
}

/** A job may be held before the list knows it; whoever reads the stream later puts the owner right. */
function hold(draft: Draft, jobId: string, fed: FedEvent, uploads: Map<string, ExistingJob>): void {
  draft.placement = { place: 'held' };
  draft.standing ??= {
    owner: uploads.get(jobId)?.owner ?? 'unknown',
    priority: 0,
    requestedPosition: fed.position,
    known: null,
  };
}

function advance(
  draft: Draft,
  jobId: string,
  fed: FedEvent,
  event: JobEvent,
  uploads: Map<string, ExistingJob>,
): void {
  if (event.type === 'ConversionRequested') {
    const uploaded = uploads.get(jobId);
    uploads.delete(jobId);
    const job = uploaded && evolve(uploaded, event, fed.revision);
    const { hash } = fed;
    draft.lookUp = job === undefined || job.state === 'absent';
    draft.standing =
      job === undefined || job.state === 'absent'
        ? null
        : {
            ...{ owner: job.owner, priority: job.priority, requestedPosition: fed.position },
            known: hash === null ? null : { job, hash },
          };
  } else if (draft.standing !== null) {
    draft.standing = { ...draft.standing, known: null };
  }
  draft.placement = placementAfter(event, fed.revision) ?? draft.placement;
}
