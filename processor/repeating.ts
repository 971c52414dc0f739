/** A repeated task. Two runs never overlap. */
export interface Repeating {
  /** Starts the next run earlier when `everyMs` now returns a shorter pause. */
  hurry(): void;
  /** Ends the repetition. Resolves when the current run is done. */
  stop(): Promise<void>;
}

/**
 * Runs `task` at once and then `everyMs` after each end, up to a tenth earlier or later, so that processors do not
 * run at the same time.
 *
 * @param everyMs a number, or a function that is called after each run
 * @param onTrouble receives the error of a failed run, and null after a successful run; the next run follows in both
 * cases
 */
export function repeat(
  everyMs: number | (() => number),
  random: () => number,
  task: () => Promise<void>,
  onTrouble: (trouble: unknown) => void,
): Repeating {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  /** The time of the next run; null during a run. */
  let dueAtMs: number | null = null;
  let current: Promise<void> = Promise.resolve();
  const runAfter = (ms: number): void => {
    clearTimeout(timer);
    dueAtMs = performance.now() + ms;
    timer = setTimeout(run, ms);
  };
  const pauseMs = (): number => (typeof everyMs === 'number' ? everyMs : everyMs()) * (0.9 + 0.2 * random());
  const run = (): void => {
    dueAtMs = null;
    current = task()
      .then(() => onTrouble(null), onTrouble)
      .then(() => {
        if (!stopped) runAfter(pauseMs());
      });
  };
  run();
  return {
    hurry: () => {
      if (stopped || dueAtMs === null) return;
      const ms = pauseMs();
      if (performance.now() + ms < dueAtMs) runAfter(ms);
    },
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await current;
    },
  };
}
