import { describe, expect, it } from '@jest/globals';
import { JOB_STATES } from '../schemas/job-states.ts';
import type { JobCommandType } from '../schemas/job-commands.ts';
import { decide } from './decide.ts';
import { explain, type Surroundings } from './explain.ts';
import type { ExistingJob } from './job.ts';
import { COMMAND_OF, HISTORY_OF, sourceExpired } from '../tests/rooms/conversion-job/samples.ts';
import { at, given, POLICY } from '../tests/rooms/conversion-job/scenario.ts';

const calm: Surroundings = { policy: POLICY, gatewayPausedSince: null };
const inState = (state: (typeof JOB_STATES)[number]) => given(...HISTORY_OF[state]) as ExistingJob;
const verdict = (job: ExistingJob, command: JobCommandType, now = at(3600)) =>
  explain(job, now, calm).commands.find((each) => each.command === command);

describe('the explanation of a job', () => {
  it.each(JOB_STATES)('names the state %s and gives a verdict on every command', (state) => {
    const explained = explain(inState(state), at(3600), calm);
    expect(explained.state).toBe(state);
    expect(explained.because).toMatch(/^[A-Z].*\.$/);
    expect(explained.commands.map((each) => each.command).sort()).toEqual(Object.keys(COMMAND_OF).sort());
  });

  it.each(JOB_STATES)('says of a %s job exactly what the decider says', (state) => {
    const job = inState(state);
    for (const each of explain(job, at(3600), calm).commands) {
      const sample = COMMAND_OF[each.command];
      if ('fencingToken' in sample && !('fencingToken' in job)) continue;
      const decision = decide(sample, job, POLICY);
      if ('refused' in decision) expect(each).toMatchObject({ answer: 'refused', ...decision.refused });
      else expect(each.answer).toBe(decision.accepted.length > 0 ? 'allowed' : 'no-effect');
    }
  });

  it('says when a waiting job goes on, and that it may be claimed once that is past', () => {
    const job = inState('waiting');
    expect(explain(job, at(3), calm).next?.at).toBe(at(7));
    expect(verdict(job, 'StartAttempt', at(3))).toMatchObject({ answer: 'refused', code: 'TOO_EARLY' });
    expect(explain(job, at(8), calm).next?.at).toBeNull();
    expect(verdict(job, 'StartAttempt', at(8))).toMatchObject({ answer: 'allowed' });
  });

  it('says that a lease has run out', () => {
    const job = inState('converting');
    expect(explain(job, at(2), calm).next).toMatchObject({ at: at(91) });
    expect(explain(job, at(92), calm).next?.what).toContain('run out');
  });

  it('says that waiting is the circuit breaker’s doing', () => {
    const surroundings = { ...calm, gatewayPausedSince: at(1) };
    expect(explain(inState('queued'), at(2), surroundings).next?.what).toContain(`since ${at(1)}`);
    expect(explain(inState('failed'), at(2), surroundings).next).toBeNull();
  });

  it('refuses to retry a job whose PDF is gone, in the words of the rule', () => {
    const job = given(...HISTORY_OF.failed, sourceExpired) as ExistingJob;
    expect(verdict(job, 'RetryConversion')).toMatchObject({
      answer: 'refused',
      code: 'EXPIRED',
      rule: expect.stringContaining('upload the PDF again'),
    });
    expect(verdict(job, 'UploadDocument')).toMatchObject({ answer: 'allowed' });
  });
});
