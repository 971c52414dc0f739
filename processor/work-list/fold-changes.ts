import { evolve } from '../../conversion-job/evolve.ts';
import { ABSENT, type ExistingJob } from '../../conversion-job/job.ts';
import type { StoredEvent } from '../../read-store/projection-engine/stored-event.ts';
import type { Quarantined } from '../../read-store/projection-engine/fold-batch.ts';
import { jobIdOfStream } from '../../schemas/events/streams.ts';
import type { JobEvent } from '../../schemas/events/job-events.ts';
import { placementAfter, type Placement, type Standing, type WorkChange } from './work-change.ts';

/** An event of a job's stream, or the reason why this build does not understand the event. */
export interface FedEvent {
  readonly recorded: StoredEvent;
  readonly event: JobEvent | { readonly notUnderstood: string };
  /** The hash in the event; null for an event that was written before Docket chained events. */
  readonly hash: string | null;
}

export interface FoldedChanges {
  readonly changes: readonly WorkChange[];
  /** Jobs that return to the list and whose owner only the stream names. So the feed must read their streams. */
  readonly lookUps: readonly string[];
  /** The first event of each held job that this build does not understand. */
  readonly held: readonly Quarantined[];
}

interface Draft {
  revision: bigint;
  standing: Standing | null;
  placement: Placement | null;
  lookUp: boolean;
}

/**
 * Folds a part of the log into at most one change for each job. The function is pure except for `uploads`, which
 * keeps a job whose `ConversionRequested` comes later.
 *
 * @param uploads jobs uploaded for the first time and not yet requested; the function adds and removes entries
 */
export function foldChanges(events: readonly FedEvent[], uploads: Map<string, ExistingJob>): FoldedChanges {
  const drafts = new Map<string, Draft>();
  const held: Quarantined[] = [];
  for (const fed of events) {
    const { recorded, event } = fed;
    const jobId = jobIdOfStream(recorded.stream);
    if (jobId === null) continue;
    const draft = drafts.get(jobId) ?? { revision: -1n, standing: null, placement: null, lookUp: false };
    drafts.set(jobId, draft);
    draft.revision = recorded.revision;
    if (draft.placement?.place === 'held') continue;
    if ('notUnderstood' in event) {
      hold(draft, uploads.get(jobId)?.owner, recorded.position);
      held.push({ recorded, reason: event.notUnderstood });
    } else if (event.type === 'DocumentUploaded') {
      const job = evolve(ABSENT, event, recorded.revision);
      // The stream of a re-uploaded job has earlier events, which this fold has not seen.
      if (recorded.revision === 0n && job.state !== 'absent') uploads.set(jobId, job);
    } else advance(draft, jobId, fed, { event, uploads });
  }
  const changes: WorkChange[] = [];
  const lookUps: string[] = [];
  for (const [jobId, { revision, standing, placement, lookUp }] of drafts) {
    if (placement === null) continue;
    if (lookUp) lookUps.push(jobId);
    else changes.push({ jobId, revision, standing, placement });
  }
  return { changes, lookUps, held };
}

/** A job may be held before the list knows it. A later reader of the stream corrects the owner. */
function hold(draft: Draft, owner: string | undefined, position: bigint): void {
  draft.placement = { place: 'held' };
  draft.lookUp = false;
  draft.standing ??= heldStanding(owner, position);
}

function heldStanding(owner: string | undefined, requestedPosition: bigint): Standing {
  return { owner: owner ?? 'unknown', priority: 0, requestedPosition, known: null };
}

/** The change that holds a job whose events this build understands and whose row Postgres refuses. */
export function heldChange(jobId: string, { revision, position }: StoredEvent): WorkChange {
  return { jobId, revision, standing: heldStanding(undefined, position), placement: { place: 'held' } };
}

function advance(
  draft: Draft,
  jobId: string,
  { recorded: { revision, position }, hash }: FedEvent,
  { event, uploads }: { readonly event: JobEvent; readonly uploads: Map<string, ExistingJob> },
): void {
  if (event.type === 'ConversionRequested') {
    const uploaded = uploads.get(jobId);
    uploads.delete(jobId);
    const job = uploaded && evolve(uploaded, event, revision);
    draft.lookUp = job === undefined || job.state === 'absent';
    draft.standing =
      job === undefined || job.state === 'absent'
        ? null
        : {
            owner: job.owner,
            priority: job.priority,
            requestedPosition: position,
            known: hash === null ? null : { job, hash },
          };
  } else if (draft.standing !== null) draft.standing = { ...draft.standing, known: null };

  draft.placement = placementAfter(event, revision) ?? draft.placement;
}
