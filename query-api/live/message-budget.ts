/**
 * The number of messages that a client may still send. It grows evenly up to the number for one second. It needs no
 * timer, because every check adds the growth since the previous check.
 */
export interface MessageBudget {
  readonly left: number;
  readonly atMs: number;
}

/** The budget after one more message; null when it was empty. */
export function spendMessage(budget: MessageBudget, nowMs: number, perSecond: number): MessageBudget | null {
  const earned = (Math.max(0, nowMs - budget.atMs) / 1000) * perSecond;
  const left = Math.min(perSecond, budget.left + earned);
  return left < 1 ? null : { left: left - 1, atMs: nowMs };
}
