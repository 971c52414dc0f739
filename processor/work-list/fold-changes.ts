import { jobIdOfStream } from '../../schemas/streams.ts';
import type { JobEvent } from '../../schemas/job-events.ts';
import { placementAfter, type Placement, type Standing, type WorkChange } from './work-change.ts';

/** An event of a job's stream, or the note that it could not be understood. */
export interface FedEvent {
  readonly stream: string;
  readonly revision: bigint;
  readonly position: bigint;
  readonly event: JobEvent | 'not-understood';
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
 * Folds a run of the log into at most one change a job. Pure but for `owners`: it remembers who uploaded a job whose
 * `ConversionRequested` comes in a later run.
 *
 * @param owners job id to owner, for uploads seen and not yet requested; entries are added and taken away
 */
export function foldChanges(events: readonly FedEvent[], owners: Map<string, string>): FoldedChanges {
  const drafts = new Map<string, Draft>();
  for (const fed of events) {
    const jobId = jobIdOfStream(fed.stream);
    if (jobId === null) continue;
    const draft = drafts.get(jobId) ?? { revision: -1n, standing: null, placement: null, lookUp: false };
    drafts.set(jobId, draft);
    draft.revision = fed.revision;
    if (fed.event === 'not-understood') hold(draft, jobId, fed, owners);
    else if (fed.event.type === 'DocumentUploaded') owners.set(jobId, fed.event.data.owner);
    else if (draft.placement?.place !== 'held') advance(draft, jobId, fed, fed.event, owners);
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
function hold(draft: Draft, jobId: string, fed: FedEvent, owners: Map<string, string>): void {
  draft.placement = { place: 'held' };
  draft.standing ??= {
    owner: owners.get(jobId) ?? 'unknown',
    priority: 0,
    requestedPosition: fed.position,
  };
}

function advance(
  draft: Draft,
  jobId: string,
  fed: FedEvent,
  event: JobEvent,
  owners: Map<string, string>,
): void {
  if (event.type === 'ConversionRequested') {
    const owner = owners.get(jobId);
    owners.delete(jobId);
    draft.lookUp = owner === undefined;
    draft.standing =
      owner === undefined ? null : { owner, priority: event.data.priority, requestedPosition: fed.position };
  }
  draft.placement = placementAfter(event, fed.revision) ?? draft.placement;
}
