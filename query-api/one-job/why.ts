import { attemptsOf } from '../../conversion-job/attempts.ts';
import { causesOf } from '../../conversion-job/causes.ts';
import { evolve } from '../../conversion-job/evolve.ts';
import { explain } from '../../conversion-job/explain.ts';
import { ABSENT, type ExistingJob, type Job } from '../../conversion-job/job.ts';
import type { RecordedJobEvent, BreakerPause } from '../../conversion-job/recorded.ts';
import type { RetryPolicy } from '../../conversion-job/retry-policy.ts';
import type { EventLog, RecordedEvent } from '../../event-store/event-log.ts';
import { EventMetadata } from '../../schemas/events/event-metadata.ts';
import { understandEvent } from '../../schemas/events/event-versions.ts';
import type { WhyAnswer } from '../../schemas/protocols/http-api.ts';
import type { JobEvent } from '../../schemas/events/job-events.ts';
import type { Moment } from '../../schemas/moment.ts';
import { jobStream, GATEWAY_STREAM } from '../../schemas/events/streams.ts';

/** The sources of an explanation. */
export interface WhySources {
  readonly log: Pick<EventLog, 'readStream' | 'readLast'>;
  readonly policy: RetryPolicy;
}

/** A job at a moment, with its explanation. */
export interface Explained {
  readonly answer: WhyAnswer;
  readonly events: readonly RecordedJobEvent[];
}

/**
 * Explains why a job is, or was, in its state. It reads only the log, so it is right even when the read tables are
 * behind or away. At a position, the clock shows the time of the job's last event up to the position. At a time, the
 * clock shows that time.
 * @param owner the required owner; null for an operator, who sees everyone's jobs. The first event names the owner,
 * so a job of another owner costs little
 * @param moment null is the present
 * @param now ISO 8601 in UTC with milliseconds, for the present
 * @returns null when the job does not exist, did not exist at that moment, or belongs to another owner
 * @throws LogUnavailable, EventNotUnderstood
 */
export async function explainJob(
  { log, policy }: WhySources,
  { jobId, owner }: { readonly jobId: string; readonly owner: string | null },
  moment: Moment | null,
  now: string,
): Promise<Explained | null> {
  const events = await eventsUntil(log, { jobId, owner }, moment);
  const job = events.reduce<Job>((folded, { event, revision }) => evolve(folded, event, revision), ABSENT);
  const last = events.at(-1);
  if (job.state === 'absent' || !last) return null;
  const at = moment === null ? now : moment.kind === 'time' ? moment.at : last.event.data.at;
  const pauses = await breakerPauses(log, job.createdAt, (event) => isAfter(event, moment));
  const open = pauses.findLast(({ resumedAt }) => resumedAt === null);
  const explanation = explain(job, at, { policy, gatewayPausedSince: open?.pausedAt ?? null });
  const attempts = attemptsOf(events);
  const answer: WhyAnswer = {
    jobId,
    filename: job.filename,
    ...explanation,
    commands: [...explanation.commands],
    revision: Number(job.revision),
    moment: { at, position: last.position.toString(), isPast: moment !== null },
    fold: plain(job),
    attempts,
    causes: causesOf(events, attempts, pauses),
  };
  return { answer, events };
}

async function eventsUntil(
  log: Pick<EventLog, 'readStream'>,
  { jobId, owner }: { readonly jobId: string; readonly owner: string | null },
  moment: Moment | null,
): Promise<RecordedJobEvent[]> {
  const events: RecordedJobEvent[] = [];
  for await (const recorded of log.readStream(jobStream(jobId))) {
    const event = understandEvent(recorded) as JobEvent;
    const { revision, position } = recorded;
    if (events.length === 0 && owner !== null && ownerOf(event, revision) !== owner) break;
    if (isAfter({ position, at: event.data.at }, moment)) break;
    const { actor, correlationId, causationId } = EventMetadata.parse(recorded.metadata);
    events.push({ event, revision, position, actor, correlationId, causationId });
  }
  return events;
}

/** The owner of the job that a stream's first event creates. */
function ownerOf(event: JobEvent, revision: bigint): string | null {
  const job = evolve(ABSENT, event, revision);
  return job.state === 'absent' ? null : job.owner;
}

function isAfter({ position, at }: { position: bigint; at: string }, moment: Moment | null): boolean {
  if (moment === null) return false;
  return moment.kind === 'position' ? position > moment.position : at > moment.at;
}

/** Returns the job with its revision as a number, because JSON has no bigint. */
function plain(job: ExistingJob): WhyAnswer['fold'] {
  return { ...job, revision: Number(job.revision) };
}

/**
 * Limit of the transitions read for one explanation. If a breaker opens and closes more often, only the first
 * transitions count.
 */
const TRANSITIONS_MAX = 500;

/**
 * The times when circuit breakers paused claiming, from `from` until `isPast` reports that an event is after the
 * moment. The stream can be long, so bisection finds the start: about 20 single reads for a million transitions.
 * @param from ISO 8601; a pause that was open at this time is included
 * @throws LogUnavailable, EventNotUnderstood
 */
async function breakerPauses(
  log: Pick<EventLog, 'readStream' | 'readLast'>,
  from: string,
  isPast: (event: { position: bigint; at: string }) => boolean,
): Promise<BreakerPause[]> {
  const last = await log.readLast(GATEWAY_STREAM);
  if (last === null) return [];
  const pauses: BreakerPause[] = [];
  let read = 0;
  const first = await firstSince(log, from, last.revision);
  for await (const recorded of log.readStream(GATEWAY_STREAM, first > 0n ? first - 1n : 0n)) {
    const event = understandEvent(recorded);
    if (event.type !== 'GatewayPaused' && event.type !== 'GatewayResumed') continue;
    const { at, processorId } = event.data;
    if (isPast({ position: recorded.position, at }) || (read += 1) > TRANSITIONS_MAX) break;
    const open = pauses.findIndex((pause) => pause.processorId === processorId && pause.resumedAt === null);
    if (open >= 0) pauses[open] = { ...pauses[open]!, resumedAt: at };
    if (event.type === 'GatewayPaused') {
      const { failures, lastCode } = event.data;
      pauses.push({ processorId, pausedAt: at, resumedAt: null, failures, lastCode });
    }
  }
  return pauses.filter(({ resumedAt }) => resumedAt === null || resumedAt >= from);
}

/** Revision of the first transition at or after an instant; `last + 1n` when there is none. */
async function firstSince(log: Pick<EventLog, 'readStream'>, from: string, last: bigint): Promise<bigint> {
  let low = 0n;
  let high = last + 1n;
  while (low < high) {
    const middle = (low + high) / 2n;
    const recorded = await oneAt(log, middle);
    const at = recorded ? (recorded.data as { at?: string }).at : undefined;
    if (at !== undefined && at < from) low = middle + 1n;
    else high = middle;
  }
  return low;
}

async function oneAt(log: Pick<EventLog, 'readStream'>, revision: bigint): Promise<RecordedEvent | null> {
  for await (const recorded of log.readStream(GATEWAY_STREAM, revision)) return recorded;
  return null;
}
