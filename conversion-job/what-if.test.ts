import { describe, expect, it } from '@jest/globals';
import { jobHistory } from '../tests/harness/job-log.ts';
import type { JobFailureCode } from '../schemas/errors/error-codes.ts';
import { replayPolicy, runsOf, type PastAttempt, type PastRun } from './what-if.ts';

const retry = { maxAttempts: 3, backoffMs: 10_000, backoffMaxMs: 60_000, jobTimeoutMs: 600_000 };
const noBreaker = { failures: null, resetMs: 10_000 };
const MINUTE = 60_000;

const attempt = (
  startedMs: number,
  code: JobFailureCode | null,
  { isFinal } = { isFinal: code === null },
): PastAttempt => ({
  startedMs,
  durationMs: 1_000,
  code,
  isFinal,
});
const run = (jobId: string, ...attempts: PastAttempt[]): PastRun => ({ jobId, requestedMs: 0, attempts });

/** The job failed after one attempt. Another job shows that the outage ended two minutes later. */
const gaveUp = run('a', attempt(0, 'GW_5XX'));
const sawTheEnd = run('b', attempt(40_000, null));

describe('the past under another policy', () => {
  it('reads runs, attempts, codes and durations from a stream', () => {
    const { jobId, events } = jobHistory(1, 'failed');
    const [past] = runsOf(jobId, events);
    expect(past?.attempts.map(({ durationMs, code, isFinal }) => ({ durationMs, code, isFinal }))).toEqual([
      { durationMs: 2_000, code: 'GW_5XX', isFinal: false },
      { durationMs: 1_000, code: 'GW_5XX', isFinal: false },
    ]);
  });

  it('is what it was under the policy that made it', () => {
    const past = [run('a', attempt(0, 'GW_5XX'), attempt(6_000, 'GW_5XX'), attempt(17_000, null)), sawTheEnd];
    expect(replayPolicy(past, retry, noBreaker)).toMatchObject({
      succeeded: 2,
      failed: 0,
      unknown: 0,
      calls: 4,
      opened: 0,
    });
  });

  it('rescues a job that would have met the gateway when it was well again, and counts the calls and the waiting', () => {
    const past = [gaveUp, sawTheEnd];
    expect(replayPolicy(past, { ...retry, maxAttempts: 1 }, noBreaker)).toMatchObject({
      succeeded: 1,
      failed: 1,
      calls: 2,
      waitingMs: 0,
    });
    expect(replayPolicy(past, retry, noBreaker)).toMatchObject({
      succeeded: 2,
      failed: 0,
      calls: 3,
      waitingMs: 5_000,
    });
  });

  it('loses a job whose success came at an attempt that is not made any more', () => {
    const past = [run('a', attempt(0, 'GW_5XX'), attempt(6_000, null))];
    expect(replayPolicy(past, { ...retry, maxAttempts: 1 }, noBreaker)).toMatchObject({
      succeeded: 0,
      failed: 1,
      calls: 1,
    });
  });

  it('says that it does not know when nobody was there to see, and never guesses about a document', () => {
    expect(replayPolicy([gaveUp], retry, noBreaker)).toMatchObject({
      succeeded: 0,
      failed: 1,
      unknown: 1,
      calls: 1,
    });
    const refused = run('c', attempt(0, 'GW_4XX', { isFinal: true }));
    expect(replayPolicy([refused, sawTheEnd], retry, noBreaker)).toMatchObject({
      succeeded: 1,
      failed: 1,
      unknown: 0,
      calls: 2,
    });
  });

  it('a breaker saves calls in an outage and costs waiting: the attempts behind it come after it', () => {
    const outage = Array.from({ length: 20 }, (_, index) =>
      run(`o${index}`, attempt(index * 500, 'GW_UNREACHABLE', { isFinal: true })),
    );
    const later = run('later', attempt(2 * MINUTE, null));
    const without = replayPolicy([...outage, later], retry, noBreaker);
    const withOne = replayPolicy([...outage, later], retry, { failures: 5, resetMs: 30_000 });
    expect(without).toMatchObject({ opened: 0, waitingMs: 0, calls: 21 });
    expect(withOne.opened).toBeGreaterThan(0);
    expect(withOne.waitingMs).toBeGreaterThan(0);
  });

  it('is the same twice, whatever the order of the runs', () => {
    const past = Array.from({ length: 50 }, (_, index) =>
      run(`j${index}`, attempt(index * 7_000, index % 3 ? null : 'GW_TIMEOUT')),
    );
    expect(replayPolicy([...past].reverse(), retry, noBreaker)).toEqual(replayPolicy(past, retry, noBreaker));
  });
});
