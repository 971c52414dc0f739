/** A repeated task, never run twice at the same time. */
export interface Repeating {
  /** Ends the repetition. Resolves when the current run is done. */
  stop(): Promise<void>;
}

/**
 * Runs `task` at once and then `everyMs` after each end, a tenth earlier or later so that processors spread out.
 *
 * @param onTrouble receives the error of a failed run, and null after a successful one; the next run follows in both
 *   cases
 */
export function repeat(
  everyMs: number,
  random: () => number,
  task: () => Promise<void>,
  onTrouble: (trouble: unknown) => void,
): Repeating {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let current: Promise<void> = Promise.resolve();
  const run = (): void => {
    current = task()
      .then(() => onTrouble(null), onTrouble)
      .then(() => {
        if (!stopped) timer = setTimeout(run, everyMs * (0.9 + 0.2 * random()));
      });
  };
  run();
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await current;
    },
  };
}
