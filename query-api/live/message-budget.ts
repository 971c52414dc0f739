/**
 * How many messages a client may still send: a bucket that holds one second's worth and fills evenly. It needs no
 * timer, since every look at the bucket fills it.
 */
export interface MessageBudget {
  readonly left: number;
  readonly atMs: number;
}

/** The budget after one more message, or null when there was none left. */
export function spendMessage(budget: MessageBudget, nowMs: number, perSecond: number): MessageBudget | null {
  const earned = (Math.max(0, nowMs - budget.atMs) / 1000) * perSecond;
  const left = Math.min(perSecond, budget.left + earned);
  return left < 1 ? null : { left: left - 1, atMs: nowMs };
}
