import { cpuMsOfGroup } from '../../runtime/cpu-time.ts';

/** The interval between two checks of a start. */
const LOOK_EVERY_MS = 1_000;
/** After this many checks in a row without used processor time, the start counts as stuck. */
const STILL_LOOKS_MAX = 60;
/** Longest processor time of a start. No start of Docket needs a tenth of it. */
const CPU_MS_MAX = 60 * 60_000;
/** The most checks on a system that does not show processor time. */
const UNSEEN_LOOKS_MAX = 600;

/**
 * Watches a starting process group by the processor time that it uses, not by the clock. On a busy machine a start
 * takes long and still makes progress. The watch counts its own checks, so a time in which the watch itself did not
 * run does not count.
 *
 * @param onStuck receives the reason, once, when the start makes no progress
 * @returns a function that ends the watch
 */
export function watchProgress(groupId: number, onStuck: (why: string) => void): () => void {
  let before: number | undefined = undefined;
  let still = 0;
  let unseen = 0;
  const timer = setInterval(() => {
    const cpuMs = cpuMsOfGroup(groupId);
    still = cpuMs !== undefined && cpuMs === before ? still + 1 : 0;
    unseen = cpuMs === undefined ? unseen + 1 : 0;
    before = cpuMs;
    const why =
      still >= STILL_LOOKS_MAX
        ? `it used no processor time for ${STILL_LOOKS_MAX} s`
        : (cpuMs ?? 0) > CPU_MS_MAX
          ? `it was not ready after ${CPU_MS_MAX / 60_000} minutes of processor time`
          : unseen >= UNSEEN_LOOKS_MAX
            ? `it was not ready after ${UNSEEN_LOOKS_MAX} s`
            : null;
    if (why === null) return;
    clearInterval(timer);
    onStuck(why);
  }, LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
