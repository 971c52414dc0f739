import { attemptsAllowed, type RetryPolicy } from '../../conversion-job/retry-policy.ts';
import { isActive, type JobStateName } from '../../schemas/job-states.ts';
import { evolve } from '../../conversion-job/evolve.ts';
import { ABSENT, type Job } from '../../conversion-job/job.ts';
import type { JobEvent } from '../../schemas/events/job-events.ts';
import type { JobStory } from './job-streams.ts';

/** Clocks of different processes, and the grain of the log's timestamps, in ms. */
const CLOCK_GRAIN_MS = 5;

/** Checks I2, I3, I4, I7 and I12 for one stream and the number of its calls to the gateway. The function is pure. */
export function faultsOfStory(story: JobStory, gatewayCalls: number, policy: RetryPolicy): string[] {
  const { jobId, events } = story;
  const faults: string[] = [];
  let job: Job = ABSENT;
  const run = { results: 0, charged: 0, starts: 0, notBefore: null as string | null };
  for (const { revision, event } of events) {
    const wrong = wrongWhen(job, event);
    if (wrong !== null) faults.push(`${wrong} (${jobId} at ${revision})`);
    count(run, event);
    if (run.results > 1) faults.push(`I2: ${jobId} became Ready twice in one run`);
    if (event.type === 'ConversionStarted') {
      if (run.notBefore !== null && Date.parse(event.data.at) < Date.parse(run.notBefore) - CLOCK_GRAIN_MS)
        faults.push(`I12: attempt ${event.data.attempt} of ${jobId} came before its backoff was over`);
      run.notBefore = null;
    }
    if (run.charged > policy.maxAttempts) faults.push(`I12: ${jobId} was attempted ${run.charged} times`);
    if (event.type === 'ConversionDeferred' && run.charged >= attemptsAllowed(event.data.code, policy))
      faults.push(`I12: ${jobId} is to be tried again after ${run.charged} attempts and ${event.data.code}`);
    job = evolve(job, event, revision);
  }
  if (gatewayCalls > run.starts)
    faults.push(`I3: the gateway was called ${gatewayCalls} times for ${run.starts} attempts of ${jobId}`);
  return faults;
}

function count(
  run: { results: number; charged: number; starts: number; notBefore: string | null },
  event: JobEvent,
): void {
  if (event.type === 'ConversionRequested') {
    run.results = 0;
    run.charged = 0;
    run.notBefore = null;
  }
  if (event.type === 'ConversionStarted') {
    run.charged = run.charged + 1;
    run.starts = run.starts + 1;
  }
  if (event.type === 'ConversionDeferred') run.notBefore = event.data.notBefore;
  // A shutdown of Docket is not the job's fault (ADR 0003).
  if (event.type === 'AttemptAbandoned' && event.data.cause === 'shutdown') run.charged -= 1;
  if (event.type === 'ConversionSucceeded') run.results += 1;
}

/** I4: an outcome comes from the attempt that holds the lease. I7: nothing of an active job expires. */
function wrongWhen(job: Job, event: JobEvent): string | null {
  if ('fencingToken' in event.data && event.data.fencingToken !== null)
    if (job.state !== 'converting' || job.fencingToken !== event.data.fencingToken)
      return `I4: ${event.type} of an attempt that held no lease`;

  const state: JobStateName | 'absent' = job.state;
  if (event.type === 'SourceExpired' && state !== 'absent' && isActive(state))
    return `I7: the PDF expired while the job was ${state}`;
  if (event.type === 'ResultExpired' && state !== 'ready') return `I7: a result expired that was not there`;
  return null;
}
