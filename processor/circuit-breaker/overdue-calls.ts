/**
 * A call without an answer for this time is overdue. With a shorter limit for calls, a call is overdue after a third
 * of the limit.
 */
const OVERDUE_AFTER_MS = 5_000;
const OVERDUE_PART = 3;
/** Time between two health checks of a gateway that did not answer the first. */
const ASK_AGAIN_AFTER_MS = 200;

/** Watches calls to the gateway that have no answer yet. */
export interface OverdueCalls {
  /** Watches a call until it ends. */
  watch<T>(call: () => Promise<T>): Promise<T>;
  /** Number of overdue calls. */
  count(): number;
}

/**
 * Checks the gateway's health while a call takes long. Calls to a hanging gateway would otherwise count as failures
 * only after their time limit. If the gateway answers the check, it is working on a long document, and the check
 * repeats later. If it does not answer, the check counts as another failure.
 *
 * @param parts.timeoutMs the longest time of a call
 * @param parts.onUnanswered called after each health check without an answer while the call is overdue
 */
export function overdueCalls(parts: {
  timeoutMs: number;
  healthy: () => Promise<boolean>;
  onUnanswered: () => void;
}): OverdueCalls {
  const { healthy, onUnanswered } = parts;
  const overdueMs = Math.min(OVERDUE_AFTER_MS, parts.timeoutMs / OVERDUE_PART);
  const overdue = new Set<symbol>();

  return {
    count: () => overdue.size,
    watch: async (call) => {
      const id = Symbol('call');
      let isOver = false;
      let timer: NodeJS.Timeout;
      const askIn = (ms: number): void => {
        timer = setTimeout(() => {
          overdue.add(id);
          void healthy().then((answered) => {
            if (isOver) return;
            if (!answered) onUnanswered();
            askIn(answered ? overdueMs : ASK_AGAIN_AFTER_MS);
          });
        }, ms);
      };
      askIn(overdueMs);
      try {
        return await call();
      } finally {
        isOver = true;
        clearTimeout(timer!);
        overdue.delete(id);
      }
    },
  };
}
