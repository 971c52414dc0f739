import { describe, expect, it } from '@jest/globals';
import { spendMessage, type MessageBudget } from './message-budget.ts';

function sendEvery(gapMs: number, count: number): number {
  let budget: MessageBudget = { left: 10, atMs: 0 };
  for (let sent = 0; sent < count; sent += 1) {
    const next = spendMessage(budget, sent * gapMs, 10);
    if (next === null) return sent;
    budget = next;
  }
  return count;
}

describe('the message budget', () => {
  it('lets ten messages a second pass for ever', () => expect(sendEvery(100, 1_000)).toBe(1_000));
  it('stops a burst at the eleventh message', () => expect(sendEvery(0, 100)).toBe(10));
  it('stops a client that is twice too fast within two seconds', () =>
    expect(sendEvery(50, 100)).toBeLessThan(25));
  it('takes no credit from a clock that goes back', () =>
    expect(spendMessage({ left: 0, atMs: 5_000 }, 1_000, 10)).toBeNull());
});
