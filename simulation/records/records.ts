import { evolve } from '../../conversion-job/evolve.ts';
import { ABSENT, type ExistingJob, type Job } from '../../conversion-job/job.ts';
import { hashOfEvent, linksOf } from '../../event-store/event-hash.ts';
import type { RecordedEvent } from '../../event-store/event-log.ts';
import type { JobEvent } from '../../schemas/events/job-events.ts';
import { isActive } from '../../schemas/job-states.ts';
import { jobIdOfStream } from '../../schemas/events/streams.ts';
import type { World } from '../engine/world.ts';
import type { BlobServer } from '../ports/blob-server.ts';
import type { LogServer } from '../ports/log-server.ts';
import { keepLostFiles, type LostFiles } from './lost-files.ts';

/** The facts for the checks of the promises. No process inside the world knows them all. */
export interface Records {
  /** Every job, folded from its stream while the stream grew. */
  readonly jobs: ReadonlyMap<string, Job>;
  /** Jobs that a client knows from an answer with status 200 or 202. */
  readonly acknowledged: Set<string>;
  /** Changes when an older copy replaces the log. */
  age(): number;
  /** Files that may be missing, because the event that released them is in no log any more. */
  readonly lost: Pick<LostFiles, 'has'>;
}

/** Watches the log and the blobs from outside. It reports a broken promise at the moment it happens. */
export function keepRecords(world: World, log: LogServer, blobs: BlobServer): Records {
  const jobs = new Map<string, Job>();
  const eventIds = new Set<string>();
  const keyOwners = new Map<string, string>();
  const hashes = new Map<string, string>();
  const lost = keepLostFiles();

  log.observe((recorded) => {
    if (eventIds.has(recorded.id)) world.broken('2 once', `event id ${recorded.id} is in the log twice`);
    eventIds.add(recorded.id);
    const jobId = jobIdOfStream(recorded.stream);
    if (jobId === null || log.foreign.has(recorded.stream)) return;
    assertChained(world, recorded, hashes);
    const event = { type: recorded.type, data: recorded.data } as JobEvent;
    const before = jobs.get(jobId) ?? ABSENT;
    assertFenced(world, jobId, before, event);
    assertExpiry(world, jobId, before, event);
    if (event.type === 'DocumentUploaded') keyOwners.set(event.data.blobKey, jobId);
    if (event.type === 'ConversionSucceeded') assertStored(world, blobs, recorded, event);
    const after = evolve(before, event, recorded.revision);
    lost.recorded(recorded.id, before, after);
    jobs.set(jobId, after);
  });
  blobs.observeRemoval((key, isPosthumous) => {
    lost.removed(key, isPosthumous);
    if (lost.has(key)) return;
    const jobId = keyOwners.get(key) ?? key.split('/')[1] ?? '';
    const job = jobs.get(jobId);
    if (!job || job.state === 'absent') return;
    assertMayGo(world, job, key);
  });
  const acknowledged = new Set<string>();
  log.onRestored((lostEvents) => {
    lost.restored(lostEvents);
    jobs.clear();
    eventIds.clear();
    hashes.clear();
    for (const recorded of log.all) {
      eventIds.add(recorded.id);
      const jobId = jobIdOfStream(recorded.stream);
      if (jobId === null || log.foreign.has(recorded.stream)) continue;
      hashes.set(recorded.stream, linksOf(recorded)?.hash ?? '');
      const event = { type: recorded.type, data: recorded.data } as JobEvent;
      jobs.set(jobId, evolve(jobs.get(jobId) ?? ABSENT, event, recorded.revision));
    }
    for (const jobId of acknowledged) if (!jobs.has(jobId)) acknowledged.delete(jobId);
  });
  return { jobs, acknowledged, age: () => log.generation(), lost };
}

/** Checks that every event of a job has the hash of the previous event. */
function assertChained(world: World, recorded: RecordedEvent, hashes: Map<string, string>): void {
  const before = hashes.get(recorded.stream) ?? null;
  const links = linksOf(recorded);
  const hash = hashOfEvent(recorded, before);
  if (links?.previousHash !== before || links.hash !== hash)
    world.broken('11 chain', `${recorded.stream} is not chained at revision ${recorded.revision}`);
  hashes.set(recorded.stream, hash);
}

/** Checks promise 3: only the attempt with the lease records an outcome. */
function assertFenced(world: World, jobId: string, before: Job, event: JobEvent): void {
  if (!('fencingToken' in event.data) || event.data.fencingToken === null) return;
  const { fencingToken } = event.data;
  if (before.state === 'converting' && before.fencingToken === fencingToken) return;
  world.broken(
    '3 fencing',
    `${event.type} of attempt ${fencingToken} was recorded while ${jobId} is ${before.state}`,
  );
}

/** Checks promise 6: no file of an active job expires, and a result expires only if it exists. */
function assertExpiry(world: World, jobId: string, before: Job, event: JobEvent): void {
  const isWrong =
    (event.type === 'SourceExpired' && before.state !== 'absent' && isActive(before.state)) ||
    (event.type === 'ResultExpired' && before.state !== 'ready');
  if (isWrong) world.broken('6 cleanup', `${event.type} was recorded while ${jobId} is ${before.state}`);
}

/** Checks promise 2: a result is stored before its event, with the hash in the event. */
function assertStored(
  world: World,
  blobs: BlobServer,
  { stream }: RecordedEvent,
  { data }: Extract<JobEvent, { type: 'ConversionSucceeded' }>,
): void {
  const blob = blobs.blobs.get(data.result.blobKey);
  if (!blob) world.broken('2 result', `${stream} is Ready without its blob`);
  else if (blob.sha256 !== data.result.sha256)
    world.broken('2 result', `${stream} is Ready with other bytes`);
}

/** Checks promise 6: a file is removed after its event, and never while its job is active. */
function assertMayGo(world: World, job: ExistingJob, key: string): void {
  const isSource = job.sourceBlobKey === key;
  const isResult = job.state === 'ready' && job.conversion.result.blobKey === key;
  if (isSource && isActive(job.state))
    world.broken('6 cleanup', `the PDF of ${job.jobId} was deleted while it is ${job.state}`);
  else if (isSource || isResult) world.broken('6 cleanup', `${key} was deleted before its event`);
}
