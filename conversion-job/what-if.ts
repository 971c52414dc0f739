import type { JobFailureCode } from '../schemas/errors/error-codes.ts';
import type { JobEvent } from '../schemas/events/job-events.ts';
import { attemptsAllowed, backoffMs, type RetryPolicy } from './retry-policy.ts';

/** The conditions and the duration of an open circuit breaker. When `failures` is null, there is no breaker. */
export interface BreakerPolicy {
  readonly failures: number | null;
  readonly resetMs: number;
}

/** One attempt of the past. Instants in ms since the epoch. */
export interface PastAttempt {
  readonly startedMs: number;
  readonly durationMs: number;
  /** The failure's code; null for a success. */
  readonly code: JobFailureCode | null;
  /** True when the gateway reported that a retry is useless, or when the code allows no second attempt. */
  readonly isFinal: boolean;
}

/** One run of a job, from its request to its end. */
export interface PastRun {
  readonly jobId: string;
  readonly requestedMs: number;
  readonly attempts: readonly PastAttempt[];
}

/** Length of the window, in ms, in which failures count towards opening the breaker, as in the processor. */
const BREAKER_WINDOW_MS = 10_000;
/** An attempt of another job shows the gateway's state within this many ms before or after it. */
const NEIGHBOUR_MS = 300_000;
/**
 * Failures that the gateway caused and not the document. Attempts of other jobs show whether the gateway had recovered.
 */
const OF_THE_GATEWAY: ReadonlySet<JobFailureCode> = new Set(['GW_5XX', 'GW_TIMEOUT', 'GW_UNREACHABLE']);

/** The results that a policy would have had. */
export interface PolicyOutcome {
  readonly runs: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Runs whose further attempts cannot be derived from the past. They count as failed. */
  readonly unknown: number;
  readonly calls: number;
  /** Sum of the waits between attempts, over all runs. */
  readonly waitingMs: number;
  /** Number of times that the breaker opened. */
  readonly opened: number;
}

/** Splits a job's stream into runs. Abandoned attempts are left out, because they tell nothing about the gateway. */
export function runsOf(jobId: string, events: readonly JobEvent[]): PastRun[] {
  const runs: { jobId: string; requestedMs: number; attempts: PastAttempt[] }[] = [];
  let startedMs: number | null = null;
  for (const event of events) {
    const atMs = Date.parse(event.data.at);
    if (event.type === 'ConversionRequested') runs.push({ jobId, requestedMs: atMs, attempts: [] });
    if (event.type === 'ConversionStarted') startedMs = atMs;
    const attempt = startedMs === null ? null : attemptEndedBy(event, startedMs, atMs);
    if (attempt) runs.at(-1)?.attempts.push(attempt);
    if (attempt || event.type === 'AttemptAbandoned') startedMs = null;
  }
  return runs.filter(({ attempts }) => attempts.length > 0);
}

function attemptEndedBy(event: JobEvent, startedMs: number, atMs: number): PastAttempt | null {
  const timed = { startedMs, durationMs: Math.max(0, atMs - startedMs) };
  if (event.type === 'ConversionSucceeded') return { ...timed, code: null, isFinal: true };
  if (event.type === 'ConversionDeferred') return { ...timed, code: event.data.code, isFinal: false };
  if (event.type !== 'ConversionFailed' || event.data.fencingToken === null) return null;
  const { code, reason } = event.data;
  // True when the document is the reason, or when the code is never retried.
  return { ...timed, code, isFinal: code === 'GW_4XX' || reason !== null };
}

/**
 * Computes the results of past runs under another policy. An attempt that the policy would have made as well keeps
 * its outcome. A new attempt after a failure of the gateway gets the outcome of another job's nearest attempt within
 * five minutes. Other new attempts have no known outcome. For each wait, the middle of its random range counts. The
 * function is pure: the same past and policy give the same result.
 */
export function replayPolicy(
  past: readonly PastRun[],
  retry: RetryPolicy,
  breaker: BreakerPolicy,
): PolicyOutcome {
  const world = neighbours(past);
  const gate = breakerOf(breaker);
  const sums = { runs: past.length, succeeded: 0, failed: 0, unknown: 0, calls: 0, waitingMs: 0 };
  const due = dueList(past);
  for (let step = due.next(); step; step = due.next()) {
    const { run, made, atMs, firstMs } = step;
    const freeMs = gate.freeFrom(atMs);
    if (freeMs > atMs) {
      sums.waitingMs += freeMs - atMs;
      due.add({ ...step, atMs: freeMs });
      continue;
    }
    const attempt = attemptAt(step, world);
    if (attempt === null) {
      sums.unknown += 1;
      sums.failed += 1;
      continue;
    }
    sums.calls += 1;
    const endMs = atMs + attempt.durationMs;
    gate.note(endMs, attempt.code !== null && attempt.code !== 'GW_4XX');
    if (attempt.code === null) {
      sums.succeeded += 1;
      continue;
    }
    const waitMs = backoffMs(made + 1, 0.5, null, retry);
    const isOver =
      attempt.isFinal ||
      made + 1 >= attemptsAllowed(attempt.code, retry) ||
      endMs + waitMs > firstMs + retry.jobTimeoutMs;
    if (isOver) {
      sums.failed += 1;
      continue;
    }
    sums.waitingMs += waitMs;
    due.add({ run, made: made + 1, atMs: endMs + waitMs, firstMs, lastCode: attempt.code });
  }
  return { ...sums, opened: gate.opened() };
}

interface Step {
  readonly run: PastRun;
  /** Number of attempts made so far. */
  readonly made: number;
  readonly atMs: number;
  readonly firstMs: number;
  readonly lastCode: JobFailureCode | null;
}

/** The outcome of an attempt: its own, or the outcome that attempts of other jobs suggest; null without evidence. */
function attemptAt(
  { run, made, atMs, lastCode }: Step,
  nearest: ReturnType<typeof neighbours>,
): PastAttempt | null {
  const own = run.attempts[made];
  const wasThen = own && Math.abs(own.startedMs - atMs) <= NEIGHBOUR_MS;
  if (own && (wasThen || own.code === null || !OF_THE_GATEWAY.has(own.code))) return own;
  if (lastCode === null || !OF_THE_GATEWAY.has(lastCode)) return null;
  return nearest(run.jobId, atMs);
}

/** Finds another job's attempt that began nearest to an instant. */
function neighbours(past: readonly PastRun[]): (jobId: string, atMs: number) => PastAttempt | null {
  const all = past
    .flatMap(({ jobId, attempts }) => attempts.map((attempt) => ({ jobId, attempt })))
    .filter(({ attempt: { code } }) => code === null || OF_THE_GATEWAY.has(code))
    .sort((a, b) => a.attempt.startedMs - b.attempt.startedMs);
  return (jobId, atMs) => {
    let from = 0;
    let to = all.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (all[middle]!.attempt.startedMs < atMs) from = middle + 1;
      else to = middle;
    }
    const other = (start: number, step: 1 | -1): PastAttempt | null => {
      for (let at = start; at >= 0 && at < all.length; at += step) {
        const { jobId: of, attempt } = all[at]!;
        if (Math.abs(attempt.startedMs - atMs) > NEIGHBOUR_MS) return null;
        if (of !== jobId) return attempt;
      }
      return null;
    };
    const before = other(from - 1, -1);
    const after = other(from, 1);
    if (before === null || after === null) return before ?? after;
    return atMs - before.startedMs <= after.startedMs - atMs ? before : after;
  };
}

function breakerOf({ failures, resetMs }: BreakerPolicy) {
  let recent: number[] = [];
  let openUntilMs = -Infinity;
  let openings = 0;
  let isProbing = false;
  const open = (atMs: number): void => {
    openUntilMs = atMs + resetMs;
    openings += 1;
    recent = [];
    isProbing = true;
  };
  return {
    /** The time at which a due attempt may begin. */
    freeFrom: (atMs: number): number => Math.max(atMs, openUntilMs),
    note: (atMs: number, hasFailed: boolean): void => {
      if (failures === null || atMs < openUntilMs) return;
      if (!hasFailed) isProbing = false;
      else if (isProbing) open(atMs);
      else {
        recent = [...recent.filter((each) => each > atMs - BREAKER_WINDOW_MS), atMs];
        if (recent.length >= failures) open(atMs);
      }
    },
    opened: () => openings,
  };
}

/** The next steps in the order of time, as a binary heap, because a month has many. */
function dueList(past: readonly PastRun[]) {
  const heap: Step[] = [];
  const swap = (a: number, b: number): void => {
    const moved = heap[a]!;
    heap[a] = heap[b]!;
    heap[b] = moved;
  };
  const isLess = (a: number, b: number): boolean => heap[a]!.atMs < heap[b]!.atMs;
  const add = (step: Step): void => {
    heap.push(step);
    for (let at = heap.length - 1; at > 0;) {
      const above = (at - 1) >> 1;
      if (!isLess(at, above)) return;
      swap(at, above);
      at = above;
    }
  };
  const next = (): Step | null => {
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first ?? null;
    heap[0] = last;
    for (let at = 0; ;) {
      let least = at;
      for (const below of [2 * at + 1, 2 * at + 2])
        if (below < heap.length && isLess(below, least)) least = below;
      if (least === at) return first;
      swap(at, least);
      at = least;
    }
  };
  for (const run of past) {
    const atMs = run.attempts[0]!.startedMs;
    add({ run, made: 0, atMs, firstMs: atMs, lastCode: null });
  }
  return { add, next };
}
