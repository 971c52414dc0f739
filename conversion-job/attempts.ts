import type { JobEvent } from '../schemas/events/job-events.ts';
import type { RecordedJobEvent } from './recorded.ts';

/**
 * The end of an attempt. `running` means that the attempt has not ended, `superseded` that a new request replaced the
 * attempt.
 */
export type AttemptOutcome =
  'running' | 'succeeded' | 'deferred' | 'failed' | 'abandoned' | 'cancelled' | 'superseded';

/** One attempt from its claim to its end. */
export interface Attempt {
  /** Number of the attempt in the job's whole life, from 1. */
  readonly attempt: number;
  readonly workerId: string;
  readonly startedAt: string;
  readonly startRevision: number;
  readonly endedAt: string | null;
  readonly endRevision: number | null;
  /** From the claim to the outcome, in ms; null while it runs. */
  readonly durationMs: number | null;
  readonly outcome: AttemptOutcome;
  /** Failure code, or the cause of an abandonment; null for other outcomes. */
  readonly code: string | null;
  readonly reason: string | null;
  readonly message: string | null;
  /** The gateway's own time, in ms; only a success states it. */
  readonly gatewayMs: number | null;
  /** Wait before the next attempt, in ms; null when no other attempt follows. */
  readonly backoffMs: number | null;
}

type Ending = Pick<Attempt, 'outcome' | 'code' | 'reason' | 'message' | 'gatewayMs' | 'backoffMs'>;

const NOTHING = { code: null, reason: null, message: null, gatewayMs: null, backoffMs: null };

/** Lists every attempt of a job, oldest first. The outcome of an attempt that is not running changes nothing. */
export function attemptsOf(events: readonly RecordedJobEvent[]): Attempt[] {
  const attempts: Attempt[] = [];
  for (const { event, revision } of events) {
    const running = attempts.at(-1)?.outcome === 'running' ? attempts.at(-1)! : null;
    if (event.type === 'ConversionStarted' && !running) {
      attempts.push(claimed(event.data, Number(revision)));
      continue;
    }
    const ending = running ? endingOf(event, running) : null;
    if (!running || !ending) continue;
    attempts[attempts.length - 1] = {
      ...running,
      ...ending,
      endedAt: event.data.at,
      endRevision: Number(revision),
      durationMs: msBetween(running.startedAt, event.data.at),
    };
  }
  return attempts;
}

function claimed(
  { at, attempt, workerId }: Extract<JobEvent, { type: 'ConversionStarted' }>['data'],
  startRevision: number,
): Attempt {
  const open = { endedAt: null, endRevision: null, durationMs: null, outcome: 'running' as const };
  return { attempt, workerId, startedAt: at, startRevision, ...open, ...NOTHING };
}

/** The end that an event gives to the running attempt; null when the event does not concern it. */
function endingOf(event: JobEvent, running: Attempt): Ending | null {
  const isOwn = (fencingToken: string | null) =>
    fencingToken === null || fencingToken === String(running.startRevision);
  switch (event.type) {
    case 'ConversionSucceeded': {
      if (!isOwn(event.data.fencingToken)) return null;
      return { ...NOTHING, outcome: 'succeeded', gatewayMs: event.data.gatewayMs };
    }
    case 'ConversionDeferred': {
      const { fencingToken, code, reason, message, at, notBefore } = event.data;
      if (!isOwn(fencingToken)) return null;
      return { ...NOTHING, outcome: 'deferred', code, reason, message, backoffMs: msBetween(at, notBefore) };
    }
    case 'ConversionFailed': {
      const { code, reason, message } = event.data;
      return { ...NOTHING, outcome: 'failed', code, reason, message };
    }
    case 'AttemptAbandoned': {
      if (!isOwn(event.data.fencingToken)) return null;
      return { ...NOTHING, outcome: 'abandoned', code: event.data.cause };
    }
    case 'ConversionCancelled':
      return { ...NOTHING, outcome: 'cancelled' };
    case 'DocumentUploaded':
    case 'ConversionRequested':
      return { ...NOTHING, outcome: 'superseded' };
    case 'ConversionStarted':
    case 'ResultDownloaded':
    case 'ResultExpired':
    case 'SourceExpired':
      return null;
    default:
      return event satisfies never;
  }
}

/** Never below 0, although the clocks of two processes may differ. */
function msBetween(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from));
}
