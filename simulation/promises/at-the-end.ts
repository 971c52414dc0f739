import { resultKeyOf } from '../../blob-store/blob-key.ts';
import { linksOf } from '../../event-store/event-hash.ts';
import type { RecordedEvent } from '../../event-store/event-log.ts';
import type { JobEvent } from '../../schemas/events/job-events.ts';
import { isActive } from '../../schemas/job-states.ts';
import { jobIdOfStream } from '../../schemas/events/streams.ts';
import type { ExistingJob } from '../../conversion-job/job.ts';
import { RETRY_POLICY, type Installation } from '../installation.ts';
import { resultOf } from '../ports/gateway.ts';
import type { Records } from '../records/records.ts';

/** Checks every promise that the streams and the blobs of a settled world can prove. */
export function checkStreams(installation: Installation, records: Records): void {
  const { world, log } = installation;
  for (const jobId of records.acknowledged) {
    const state = records.jobs.get(jobId)?.state ?? 'absent';
    if (state === 'absent') world.broken('1 final', `the acknowledged job ${jobId} is not in the log`);
  }
  const identities = new Map<string, string>();
  for (const [jobId, job] of records.jobs) {
    if (job.state === 'absent') continue;
    if (isActive(job.state)) world.broken('1 final', `${jobId} is still ${job.state}`);
    const identity = `${job.owner} ${job.mapping.id} ${job.mapping.version} ${job.sha256}`;
    const twin = identities.get(identity);
    if (twin !== undefined)
      world.broken('5 one job', `${jobId} and ${twin} are the same document of ${job.owner}`);
    identities.set(identity, jobId);
    const events = log.streams.get(`job-${jobId}`) ?? [];
    checkHistory(installation, jobId, events);
    checkResult(installation, job, records);
  }
  checkBlobs(installation, records);
}

/** Checks that attempts stay within the budget, each run has one result, and each download one event. */
function checkHistory(installation: Installation, jobId: string, events: readonly RecordedEvent[]): void {
  const { world } = installation;
  let charged = 0;
  let results = 0;
  let downloads = 0;
  for (const recorded of events) {
    const event = { type: recorded.type, data: recorded.data } as JobEvent;
    if (event.type === 'ConversionRequested') {
      charged = 0;
      results = 0;
    }
    if (event.type === 'ConversionStarted') charged += 1;
    if (event.type === 'AttemptAbandoned' && event.data.cause === 'shutdown') charged -= 1;
    if (event.type === 'ConversionSucceeded') results += 1;
    if (event.type === 'ResultDownloaded') downloads += 1;
    if (charged > RETRY_POLICY.maxAttempts)
      world.broken('1 final', `${jobId} was attempted ${charged} times in one run`);
    if (results > 1) world.broken('2 result', `${jobId} became Ready twice in one run`);
  }
  const served = installation.downloads.get(jobId) ?? 0;
  if (downloads > served)
    world.broken('2 once', `${downloads} downloads of ${jobId} are recorded, ${served} were made`);
}

function checkResult({ world, blobs }: Installation, job: ExistingJob, { lost }: Records): void {
  if (job.state !== 'ready') return;
  const { blobKey, sha256 } = job.conversion.result;
  const blob = blobs.blobs.get(blobKey);
  if (!blob && lost.has(blobKey)) return;
  if (!blob) return world.broken('2 result', `the result of ${job.jobId} is gone`);
  if (blob.sha256 !== sha256 || !blob.bytes.equals(resultOf(job.sha256)))
    world.broken('2 result', `the result of ${job.jobId} is not its own`);
}

/** Checks that retention has removed every file whose keeping time is over. */
export function checkNothingLeft({ world, blobs, log }: Installation): void {
  for (const key of blobs.blobs.keys())
    if (!isKeptWithoutLog(log))
      world.broken('9 nothing left over', `${key} is kept although its time is over`);
}

/**
 * True for a log without events. Retention then removes no file as an orphan, because the log is probably the wrong
 * log.
 */
function isKeptWithoutLog(log: Installation['log']): boolean {
  return log.head() === 0n;
}

/** Checks after the last sweep that every file of the log has its blob, and no other blob exists. */
function checkBlobs({ world, blobs, log }: Installation, records: Records): void {
  const wanted = new Set<string>();
  for (const job of records.jobs.values()) {
    if (job.state === 'absent') continue;
    if (job.sourceBlobKey !== null) wanted.add(job.sourceBlobKey);
    if (job.state === 'ready') wanted.add(job.conversion.result.blobKey);
  }
  for (const key of wanted)
    if (!blobs.blobs.has(key) && !records.lost.has(key))
      world.broken('6 cleanup', `${key} is referred to and gone`);
  // The PDF of an earlier upload stays for its full keeping time, even if its job has a newer PDF.
  const kept = new Set(wanted);
  for (const { type, data } of log.all)
    if (type === 'DocumentUploaded') kept.add((data as { blobKey?: string }).blobKey ?? '');
  for (const key of blobs.blobs.keys())
    if (!kept.has(key) && !isKeptWithoutLog(log))
      world.broken('9 nothing left over', `${key} belongs to nobody and was not swept`);
  const attempts = new Set<string>();
  for (const recorded of log.all)
    if (recorded.type === 'ConversionStarted') {
      const jobId = jobIdOfStream(recorded.stream) ?? '';
      attempts.add(resultKeyOf(jobId, recorded.revision.toString(), linksOf(recorded)?.hash ?? null));
    }
  for (const job of records.jobs.values()) {
    if (job.state !== 'ready' && job.state !== 'expired') continue;
    const { blobKey } = job.conversion.result;
    if (!attempts.has(blobKey)) world.broken('2 result', `${blobKey} is not the key of an attempt`);
  }
}
