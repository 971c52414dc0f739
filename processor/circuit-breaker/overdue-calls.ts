/** A call without an answer for so long is overdue; no more than a third of the time that it may take in all. */
const OVERDUE_AFTER_MS = 5_000;
const OVERDUE_PART = 3;
/** Time between two health checks of a gateway that did not answer the first. */
const ASK_AGAIN_AFTER_MS = 200;

/** Watches calls to the gateway that have no answer yet. */
export interface OverdueCalls {
  /** Watches one call until it ends. */
  watch<T>(call: () => Promise<T>): Promise<T>;
  /** Calls that are overdue now. */
  count(): number;
}

/**
 * A gateway that hangs refuses nothing: its calls end only when their time is over, and until then nothing counts
 * against it. So whoever waits for long asks after its health. A gateway that answers that is at work on a long
 * document, and is asked again later; one that does not has failed this call once more.
 *
 * @param parts.timeoutMs the time that a call may take in all
 * @param parts.onUnanswered an overdue call that the gateway does not vouch for; for each question anew
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
