import type { JobEvent } from '../schemas/events/job-events.ts';

/** An event of a job, with its origin according to the log. */
export interface RecordedJobEvent {
  readonly event: JobEvent;
  readonly revision: bigint;
  readonly position: bigint;
  /** The actor: `owner:<id>`, `processor:<id>`, `operator` or `system`. */
  readonly actor: string;
  /** The request, or the processor's step, that caused the event. */
  readonly correlationId: string;
  /** The command whose decision is the event. */
  readonly causationId: string;
}

/** A time in which a processor's circuit breaker was open, so that the processor claimed nothing. */
export interface BreakerPause {
  readonly processorId: string;
  readonly pausedAt: string;
  /** Null while the breaker is open. */
  readonly resumedAt: string | null;
  readonly failures: number;
  readonly lastCode: string;
}
