import { describe, expect, it } from '@jest/globals';
import {
  isBroken,
  withCall,
  type FailureWindow,
  afterFailure,
  afterSuccess,
  fullRamp,
  restarted,
} from './breaker-policy.ts';

function calls(outcomes: string, everyMs = 10): FailureWindow {
  return [...outcomes].reduce<FailureWindow>(
    (window, outcome, index) => withCall(window, index * everyMs, outcome === 'x' ? 'failed' : 'answered'),
    [],
  );
}

describe('when the breaker opens', () => {
  it('enough failures and at least half of the calls: open', () => {
    expect(isBroken(calls('xxxxx'), 5)).toBe(true);
    expect(isBroken(calls('.....xxxxx'), 5)).toBe(true);
  });

  it('too few failures, or failures among many more successes: closed', () => {
    expect(isBroken(calls('xxxx'), 5)).toBe(false);
    expect(isBroken(calls('......xxxxx'), 5)).toBe(false);
  });

  it('failures older than ten seconds are forgotten', () => {
    expect(isBroken(calls('xxxxx', 3_000), 5)).toBe(false);
  });
});

describe('the climb after an outage [D18]', () => {
  it('goes 1, 2, 4, ... a round and stops at full', () => {
    let ramp = restarted(fullRamp(6));
    const limits: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      limits.push(ramp.limit);
      for (let success = ramp.limit; success > 0; success -= 1) ramp = afterSuccess(ramp);
    }
    expect(limits).toEqual([1, 2, 4, 6]);
  });

  it('starts again after a failure on the way up, and not after one at the top', () => {
    expect(afterFailure({ limit: 3, full: 6 }).limit).toBe(1);
    expect(afterFailure({ limit: 6, full: 6 }).limit).toBe(6);
  });
});
