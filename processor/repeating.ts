/** A task that is done again and again, never twice at the same time. */
export interface Repeating {
  /** Ends the repetition; resolves when the present run is done. */
  stop(): Promise<void>;
}

/**
 * Runs `task` at once and then `everyMs` after each end, a tenth earlier or later so that processors spread out.
 *
 * @param onTrouble told the error of a run that failed, and null after one that did not; the next run comes as usual
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
